from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pipelines.runtime.errors import LookError
from pipelines.runtime.messages import Message
from pipelines.studio import Look
from presets import load
from sharing import options
from ui.text.catalogue import MESSAGE, sources, translations
from ui.text.messages import translate_message

MESSAGES = [english for context, english in sources() if context == MESSAGE]
ROOT = Path(__file__).parents[3]
# Read by who runs Presence, on a console, and by programs; never by a visitor of the page.
FOR_OPERATORS = {
    "pipelines/__main__.py",
    "pipelines/audit",
    "pipelines/batch",
    "pipelines/cli",
    "pipelines/image/metadata.py",
    "pipelines/image/credentials.py",
    "pipelines/engines/prompts.py",
    "pipelines/engines/eye_pipeline.py",
}
# Said on the pages of links, which speak English.
OF_LINKS = {"sharing/web", "sharing/settings.py", "sharing/records.py", "sharing/votes.py"}


def modules() -> Iterator[Path]:
    for folder in ("pipelines", "sharing", "ui"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not any(name.startswith(one) for one in FOR_OPERATORS | OF_LINKS):
                yield path


@cache
def strings(path: Path) -> tuple[list[str], list[str]]:
    """Constants outside docstrings, and f-strings, of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    parts = {
        id(part)
        for one in ast.walk(tree)
        if isinstance(one, ast.JoinedStr)
        for part in ast.walk(one)
        if part is not one
    }
    constants, formatted = [], []
    for one in ast.walk(tree):
        if id(one) in docs or id(one) in parts:
            continue
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            constants.append(one.value)
        if isinstance(one, ast.JoinedStr):
            formatted.append(ast.unparse(one)[2:-1])
    return constants, formatted


def is_sentence(text: str) -> bool:
    return text.endswith(".") and len(text.split()) > 2 and text[0].isupper()


def of_pipelines() -> list[Path]:
    return [path for path in modules() if path.is_relative_to(ROOT / "pipelines")]


@pytest.mark.parametrize("path", of_pipelines(), ids=lambda path: path.stem)
def test_every_sentence_of_a_pipeline_can_be_translated(path: Path) -> None:
    constants, formatted = strings(path)
    assert [one for one in constants if is_sentence(one) and one not in MESSAGES] == []
    # Their values cannot be told from their words: a page could not translate them.
    assert [one for one in formatted if is_sentence(one)] == []


def test_nothing_is_kept_that_nobody_says_any_more() -> None:
    said = {one for path in modules() for one in strings(path)[0]}
    assert [one for one in MESSAGES if one not in said] == []


@pytest.mark.parametrize("english", MESSAGES)
def test_korean_is_korean(english: str) -> None:
    korean = translations("ko")[MESSAGE, english]
    assert any("가" <= letter <= "힣" for letter in korean) or "{" in korean or "JPEG" in korean
    if is_sentence(english) and "{" not in korean:
        assert korean.endswith("요.")


def test_a_refused_look_is_told_with_its_values() -> None:
    with pytest.raises(LookError) as caught:
        Look.parse("region=japan&doses=B:3")
    assert caught.value.sentence == "The look's dose B is 3; it goes from 0 to 1."
    assert translate_message("en", caught.value.sentence) == caught.value.sentence
    assert translate_message("ko", caught.value.sentence) == (
        "룩의 보정량 B 값이 3예요. 0부터 1까지 쓸 수 있어요."
    )


def test_presets_are_named_in_korean_inside_a_sentence() -> None:
    sentence = Message("{engine} has nothing to download from the hub.", engine="Geometry")
    assert translate_message("ko", sentence).startswith("기하 ")


def test_what_is_not_known_is_said_in_english() -> None:
    assert translate_message("ko", "Nobody has ever said this.") == "Nobody has ever said this."


def test_a_sentence_with_values_is_a_string_that_can_be_copied() -> None:
    sentence = Message("It is {width:.0f} {{wide}}.", width=3.2)
    assert sentence == "It is 3 {wide}."
    for twin in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert (twin, twin.template, twin.values) == (sentence, sentence.template, {"width": 3.2})


def notes_of(*texts: str) -> list[str]:
    return list(options.read(texts, 4).notes)


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("region", load().regions[Look().region].label),
        ("context", load().contexts[Look().context].label),
        ("engine", load().engines[Look().engine].label),
    ],
)
def test_the_note_about_an_unknown_name_says_what_is_used_instead(kind: str, label: str) -> None:
    (note,) = notes_of(urlencode({kind: "zzz"}))
    assert note == f"There is no {kind} 'zzz'; {label} is used instead."


def test_the_rest_of_a_link_and_its_other_notes_stay_as_they_are() -> None:
    texts = ("region=japan&context=zzz&polish=9", "hello=1", "region=nordic")
    first, *others = notes_of(*texts)
    assert first == "There is no context 'zzz'; LinkedIn is used instead."
    assert len(others) == 2


def test_a_name_that_imitates_our_sentence_is_only_quoted() -> None:
    (note,) = notes_of(urlencode({"context": "x'. Choose one of y"}))
    assert note == "There is no context 'x'. Choose one of y'; LinkedIn is used instead."


def test_a_good_link_has_no_notes() -> None:
    assert notes_of("region=japan") == []
