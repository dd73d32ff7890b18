from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from presets import PresetError, own
from presets.own import SavedLook

LOOK = "region=japan&context=linkedin&gaze=-2,-3&polish=1&engine=geometry&seed=0&doses=B:0.25"
NAMES = (
    "Autumn site",
    "가을 사이트",
    "true",
    "123",
    "<b>: {bold}, #1 'quoted' \"twice\"",
    "- dash",
)


def read(text: str | bytes, check: Callable[[str], str] = str) -> tuple[SavedLook, ...]:
    return own.read("mine.yaml", text if isinstance(text, bytes) else text.encode(), check)


def read_error(text: str | bytes, check: Callable[[str], str] = str) -> PresetError:
    with pytest.raises(PresetError) as caught:
        read(text, check)
    assert caught.value.sentence.startswith("mine.yaml")
    return caught.value


def test_looks_round_trip_through_a_file() -> None:
    looks = tuple(SavedLook(name, LOOK) for name in NAMES)
    assert read(own.dump(looks)) == looks


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_name_round_trips_through_a_file(names: list[str]) -> None:
    looks = tuple(SavedLook(clean, LOOK) for name in names if (clean := own.clean_name(name)))
    if looks:
        assert read(own.dump(looks)) == looks


def test_the_documents_that_earlier_versions_added_are_not_read() -> None:
    text = own.dump([SavedLook("Plain", "region=japan")])
    assert yaml.safe_load(text) == {"plain": {"label": "Plain", "look": "region=japan"}}
    assert read(f"{text}---\nplain: {{doses: {{blemishes: 0.3}}}}\n") == read(text)


def test_names_with_the_same_id_get_numbers() -> None:
    looks = (
        SavedLook("Autumn!", LOOK),
        SavedLook("autumn", LOOK),
        SavedLook("가", LOOK),
        SavedLook("나", LOOK),
    )
    text = own.dump(looks)
    assert list(yaml.safe_load(text)) == ["autumn", "autumn-2", "look", "look-2"]
    assert read(text) == looks


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a:\n  label: A\n", 1, "field 'look' (line 1): is missing"),
        (
            "a:\n  label: A\n  lok: b\n",
            3,
            "field 'lok' (line 3): is not known; known here are label",
        ),
        ("a:\n  label: A\n  look: wrong\n", 3, "field 'look' (line 3): There is no region 'x'"),
        ("a:\n  label: A\n  look: [1]\n", 3, "field 'look' (line 3)"),
        ("a:\n  label: yes\n  look: b\n", 2, "field 'label' (line 2)"),
        (f"a:\n  label: {'A' * 41}\n  look: b\n", 2, "has 41 characters; at most 40"),
        ("A b:\n  label: A\n  look: b\n", 1, "small letters, digits"),
        ("a: {label: A, look: b}\na: {label: B, look: b}\n", 2, "appears twice (lines 1 and 2)"),
        ("a:\n label: A\n  look: b\n", 3, "line 3 is not YAML"),
        ("a: &x {label: A, look: b}\nc: *x\n", 2, "line 2 refers to another part"),
        ("\n" + "[" * 2000, 2, "line 2 is nested too deeply"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    def check(look: str) -> str:
        if look == "wrong":
            raise ValueError("There is no region 'x'. Choose one of japan.")
        return look

    error = read_error(text, check=check)
    assert words in error.sentence
    assert error.line == line


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"# only words\n---\n", "is empty"),
        (b"- a\n- b\n", "holds no entries"),
        (b"\xff\xfe\x00a", "is not UTF-8"),
        (b"\x00\x01", "is not YAML"),
        (b"a: 2026-13-40", "date or number that is none"),
        (b"!!python/object/apply:os.system ['true']", "is not YAML"),
        (b"x" * (own.LARGEST_FILE + 1), "is larger than 64 kB"),
    ],
)
def test_other_files_are_refused(data: bytes, words: str) -> None:
    assert words in read_error(data).sentence


def test_too_many_looks_are_refused() -> None:
    looks = [SavedLook(f"Look {number}", LOOK) for number in range(own.MOST_LOOKS + 1)]
    assert len(read(own.dump(looks[:-1]))) == own.MOST_LOOKS
    assert f"at most {own.MOST_LOOKS}" in read_error(own.dump(looks)).sentence


def test_the_most_looks_fit_into_the_largest_file() -> None:
    looks = [SavedLook(f"{'나' * 37}{number:02}", LOOK) for number in range(own.MOST_LOOKS)]
    assert len(own.dump(looks).encode()) <= own.LARGEST_FILE


def test_looks_round_trip_through_the_storage() -> None:
    looks = (SavedLook("Autumn site", LOOK), SavedLook("가", "region=soft"))
    assert own.from_storage(own.to_storage(looks)) == looks


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "looks",
        [],
        [1, {"name": "a"}],
        {},
        {"looks": None},
        {"looks": {"a": 1}},
        {
            "looks": [
                None,
                3,
                {},
                {"name": 1, "look": "x"},
                {"name": "a"},
                {"name": " ", "look": "x"},
            ]
        },
    ],
)
def test_damaged_storage_gives_no_looks(value: object) -> None:
    assert own.from_storage(value) == ()


def test_valid_entries_of_damaged_storage_are_used() -> None:
    storage = {"looks": [None, {"name": "a\nb" * 100, "look": "y" * 9999, "new": 1}], "version": 9}
    (saved,) = own.from_storage(storage)
    assert saved.name.startswith("a ba b")
    assert len(saved.name) <= own.LONGEST_NAME
    assert len(saved.look) == own.LONGEST_LOOK


def test_a_taken_name_gets_a_number() -> None:
    assert own.unique_name("a", ["b"]) == "a"
    assert own.unique_name("a", ["a", "a (2)"]) == "a (3)"
    assert len(own.unique_name("a" * 40, ["a" * 40])) == 40
