from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import presets
from presets import PresetError, load, own
from presets.own import AsPresets, Saved

DOSES = dict.fromkeys(
    ("blemishes", "evenness", "under_eye", "shadows", "contrast", "sharpness"), 0.25
)
LOOK = "region=japan&context=linkedin&gaze=-2,-3&polish=1&engine=geometry&seed=0&doses=B:0.25"
NAMES = (
    "Autumn site",
    "가을 사이트",
    "true",
    "123",
    "<b>: {bold}, #1 'quoted' \"twice\"",
    "- dash",
)


def by_hand(one: Saved) -> AsPresets:
    """Everything about the look was set by hand."""
    known = load()
    return AsPresets(
        own.context(one.name, known.contexts["linkedin"], DOSES),
        own.region(one.name, known.regions["japan"], -2, -3),
    )


def nothing(one: Saved) -> AsPresets:
    """Nothing was."""
    return AsPresets(None, None)


def read(text: str | bytes, **more: Any) -> own.Read:
    data = text if isinstance(text, bytes) else text.encode()
    return own.read("mine.yaml", data, more.get("check", str), more.get("as_presets", nothing))


def refused(text: str | bytes, **more: Any) -> PresetError:
    with pytest.raises(PresetError) as caught:
        read(text, **more)
    assert caught.value.sentence.startswith("mine.yaml")
    return caught.value


def test_an_exported_file_gives_the_looks_back() -> None:
    looks = tuple(Saved(name, LOOK) for name in NAMES)
    found = read(own.dump(looks, by_hand), as_presets=by_hand)
    assert found == own.Read(looks, ())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_name_survives(names: list[str]) -> None:
    looks = tuple(Saved(tidy, LOOK) for name in names if (tidy := own.tidy(name)))
    if looks:
        assert read(own.dump(looks, by_hand), as_presets=by_hand).looks == looks


def test_entries_are_presets_once_they_are_copied_over(tmp_path: Path) -> None:
    for file in Path(presets.__file__).parent.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    _, contexts, regions = own.dump([Saved("Autumn site", LOOK)], by_hand).split("\n---\n")
    for name, entries in (("contexts.yaml", contexts), ("regions.yaml", regions)):
        with (tmp_path / name).open("a", encoding="utf-8") as opened:
            opened.write(f"\n{entries}")
    grown = load(tmp_path)
    assert grown.contexts["autumn-site"].doses.model_dump() == DOSES
    assert grown.contexts["autumn-site"].texture_floor == load().contexts["linkedin"].texture_floor
    assert grown.regions["autumn-site"].gaze == (2, -3)
    assert grown.regions["autumn-site"].confidence.gaze == "none"


def test_a_look_of_presets_only_has_no_entries() -> None:
    text = own.dump([Saved("Plain", "region=japan")], nothing)
    assert "---" not in text
    assert yaml.safe_load(text) == {"plain": {"label": "Plain", "look": "region=japan"}}


def test_names_that_come_out_alike_are_kept_apart() -> None:
    looks = (Saved("Autumn!", LOOK), Saved("autumn", LOOK), Saved("가", LOOK), Saved("나", LOOK))
    text = own.dump(looks, nothing)
    assert list(yaml.safe_load(text)) == ["autumn", "autumn-2", "look", "look-2"]
    assert read(text).looks == looks


def test_an_entry_that_no_longer_says_what_its_look_says_is_named() -> None:
    text = own.dump([Saved("Autumn site", LOOK)], by_hand)
    changed = text.replace("evenness: 0.25", "evenness: 0.5")
    assert read(changed, as_presets=by_hand).edited == ("autumn-site",)
    assert read(changed, as_presets=by_hand).looks == (Saved("Autumn site", LOOK),)


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

    error = refused(text, check=check)
    assert words in error.sentence
    assert error.line == line


def test_a_wrong_preset_in_an_exported_file_is_refused_with_its_line() -> None:
    text = own.dump([Saved("Autumn site", LOOK)], by_hand).replace("shadows: 0.25", "shadows: 3")
    error = refused(text, as_presets=by_hand)
    assert error.field == "doses.shadows"
    assert error.line == next(
        number for number, line in enumerate(text.splitlines(), 1) if "shadows: 3" in line
    )


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
def test_what_is_no_such_file_is_refused(data: bytes, words: str) -> None:
    assert words in refused(data).sentence


def test_too_many_looks_are_refused() -> None:
    looks = [Saved(f"Look {number}", LOOK) for number in range(own.MOST + 1)]
    assert len(read(own.dump(looks[:-1], nothing)).looks) == own.MOST
    assert f"at most {own.MOST}" in refused(own.dump(looks, nothing)).sentence


def test_all_that_can_be_kept_fits_into_a_file() -> None:
    looks = [Saved(f"{'나' * 37}{number:02}", LOOK) for number in range(own.MOST)]
    assert len(own.dump(looks, by_hand).encode()) <= own.LARGEST_FILE


def test_what_the_browser_kept_comes_back() -> None:
    looks = (Saved("Autumn site", LOOK), Saved("가", "region=soft"))
    assert own.stored(own.to_store(looks)) == looks


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
def test_what_a_browser_has_damaged_is_nothing(value: object) -> None:
    assert own.stored(value) == ()


def test_what_is_whole_of_a_damaged_store_is_used() -> None:
    kept = {"looks": [None, {"name": "a\nb" * 100, "look": "y" * 9999, "new": 1}], "version": 9}
    (one,) = own.stored(kept)
    assert one.name.startswith("a ba b")
    assert len(one.name) <= own.LONGEST_NAME
    assert len(one.look) == own.LONGEST_LOOK


def test_a_taken_name_gets_a_number() -> None:
    assert own.unlike("a", ["b"]) == "a"
    assert own.unlike("a", ["a", "a (2)"]) == "a (3)"
    assert len(own.unlike("a" * 40, ["a" * 40])) == 40
