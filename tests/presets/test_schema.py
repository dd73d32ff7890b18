import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import presets
from presets import Context, Engine, PresetError, Region, load

PACKAGED = Path(presets.__file__).parent
NAMES = ("regions.yaml", "contexts.yaml", "engines.yaml", "prompts.yaml")

REGION: dict[str, Any] = {
    "label": "Atlantis",
    "group": "regions",
    "audience": "Islanders",
    "gaze": [3, -2],
    "side": "away",
    "range": [0, 6],
    "smile_hint": 0.3,
    "confidence": {"gaze": "low", "smile": "none"},
    "rationale": "A design choice.",
    "against": "",
    "sources": [{"text": "Plato", "doi": "10.1234/abc", "status": "seen"}],
}
CONTEXT: dict[str, Any] = {
    "label": "Ferry pass",
    "purpose": "To board",
    "doses": dict.fromkeys(
        ("blemishes", "evenness", "under_eye", "shadows", "contrast", "sharpness"), 0
    ),
    "texture_floor": 1,
    "untouched": True,
    "wardrobe": "a raincoat",
    "background": "the sea",
    "expression": "a squint",
    "crop": "Square",
    "rationale": "A design choice.",
    "disclosure": "",
    "sources": [],
}
ENGINE: dict[str, Any] = {
    "label": "Oar",
    "summary": "By hand.",
    "pipeline": "OarPipeline",
    "weights": "hub",
    "files": [
        {
            "role": "base",
            "repo": "owner/name",
            "revision": "0123456789abcdef0123456789abcdef01234567",
            "files": ["config.json"],
            "size_mb": 1,
            "licence": "MIT",
        }
    ],
    "scheduler": "OarScheduler",
    "steps": 2,
    "strength": 0.5,
    "memory_gb": 1,
    "licence": "MIT",
    "default": True,
}

PROMPTS: dict[str, Any] = {
    "start": "a photo",
    "negative": "a painting",
    "gaze": {
        "contact": "at us", "aside": "away", "up": "up", "down": "down", "slight": "past us"
    },
    "eyes": "{start}, {gaze}",
    "whole": "{start}, {gaze}, {wardrobe}",
}  # fmt: skip

Change = Callable[[dict[str, Any]], object]


def write(folder: Path, changes: dict[str, Change] | None = None) -> None:
    for name, entry, body in zip(
        NAMES,
        ("atlantis", "ferry-pass", "oar", "oar"),
        (REGION, CONTEXT, ENGINE, PROMPTS),
        strict=True,
    ):
        content = {entry: copy.deepcopy(body)}
        if changes and name in changes:
            changes[name](content)
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))


def put(*path: str | int, value: object) -> Change:
    def change(content: dict[str, Any]) -> None:
        node: Any = content
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return change


def drop(entry: str, field: str) -> Change:
    return lambda content: content[entry].pop(field)


def test_packaged_presets_include_those_the_page_needs() -> None:
    packaged = load()
    assert {"international", "japan", "nordic"} <= set(packaged.regions)
    assert {"direct", "soft", "respectful-aside", "off-camera", "keep"} == {
        region.id for region in packaged.regions.values() if region.group == "preferences"
    }
    assert {"id-passport", "linkedin", "service-bot"} <= set(packaged.contexts)
    assert {"geometry", "eye-controlnet", "sd15-mediapipe-face"} <= set(packaged.engines)
    assert packaged.engines[packaged.default_engine].default
    assert packaged.contexts["id-passport"].untouched
    assert packaged.contexts["service-bot"].disclosure
    assert packaged.contexts["advertising"].disclosure
    assert packaged.regions["keep"].gaze is None
    assert packaged.regions["keep"].off_lens is None
    assert packaged.regions["off-camera"].side == "with"


def test_entries_keep_the_order_of_their_file() -> None:
    packaged = load()
    for name, entries in zip(
        NAMES[:3], (packaged.regions, packaged.contexts, packaged.engines), strict=True
    ):
        assert list(entries) == list(yaml.safe_load((PACKAGED / name).read_text(encoding="utf-8")))


def test_confidence_of_packaged_presets_matches_their_sources() -> None:
    packaged = load()
    for region in packaged.regions.values():
        seen = any(source.status == "seen" for source in region.sources)
        modest = {region.confidence.gaze, region.confidence.smile} <= {"low", "none"}
        assert seen or modest, region.id
        # An angle other than 0, or a region without a checked source, was not measured by anybody.
        if region.gaze is not None and (region.gaze != (0, 0) or not seen):
            assert "design choice" in region.rationale, region.id
    for context in packaged.contexts.values():
        assert context.untouched or "design choice" in context.rationale, context.id


def test_the_summary_of_a_hub_engine_has_its_download_size() -> None:
    for engine in load().engines.values():
        total = sum(file.size_mb for file in engine.files) / 1000
        assert not total or f"{total:.1f} GB" in engine.summary, engine.id


def test_engines_get_their_prompts_and_do_what_they_have_prompts_for(tmp_path: Path) -> None:
    write(tmp_path)
    engine = load(tmp_path).engines["oar"]
    assert engine.drawing.prompts is not None
    assert engine.drawing.prompts.start == "a photo"
    assert engine.invents
    assert not engine.draws_skin


def test_an_engine_from_the_hub_needs_prompts(tmp_path: Path) -> None:
    write(tmp_path, {E: put("sail", value={**ENGINE, "default": False})})
    with pytest.raises(PresetError, match=r"prompts\.yaml: has no entry 'sail'"):
        load(tmp_path)


def test_prompts_are_of_an_engine_from_the_hub(tmp_path: Path) -> None:
    write(tmp_path, {Q: put("sail", value=PROMPTS)})
    with pytest.raises(PresetError, match="entry 'sail': is no engine from the hub"):
        load(tmp_path)


def test_packaged_files_are_read_once() -> None:
    assert load() is load()


def test_presets_cannot_be_changed() -> None:
    packaged = load()
    with pytest.raises(ValidationError, match="frozen"):
        packaged.regions["japan"].label = "Nippon"
    with pytest.raises(TypeError):
        packaged.regions["japan"] = packaged.regions["nordic"]  # type: ignore[index]


def test_a_source_from_memory_has_no_link() -> None:
    sources = [source for region in load().regions.values() for source in region.sources]
    assert all(source.link is None for source in sources if source.status == "memory")
    with_doi = next(source for source in sources if source.doi)
    assert with_doi.link == f"https://doi.org/{with_doi.doi}"


def test_angle_off_the_lens() -> None:
    # In a right spherical triangle cos c = cos a * cos b, so 60 and 60 degrees give cos c = 1/4.
    region = Region.model_validate({**REGION, "id": "x", "gaze": [60, 60], "range": [0, 90]})
    assert region.off_lens == pytest.approx(75.5225, abs=1e-3)


def test_added_entries_are_loaded_last(tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copy(PACKAGED / name, tmp_path / name)
    for name, entry in (("regions.yaml", REGION), ("contexts.yaml", CONTEXT)):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write("\n" + yaml.safe_dump({"atlantis": entry}))
    extended = load(tmp_path)
    assert list(extended.regions) == [*load().regions, "atlantis"]
    assert extended.regions["atlantis"].gaze == (3, -2)
    assert list(extended.contexts) == [*load().contexts, "atlantis"]


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "regions.yaml"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert list(load(tmp_path).regions) == ["atlantis"]


def test_optional_fields_may_be_left_out(tmp_path: Path) -> None:
    def shorten(content: dict[str, Any]) -> None:
        for field in ("side", "smile_hint", "against", "sources"):
            del content["atlantis"][field]

    write(tmp_path, {"regions.yaml": shorten})
    region = load(tmp_path).regions["atlantis"]
    assert (region.side, region.smile_hint, region.against, region.sources) == (
        "away",
        None,
        "",
        (),
    )


A, F, P = "atlantis", "ferry-pass", "oar"
R, C, E, Q = NAMES


@pytest.mark.parametrize(
    ("file", "entry", "field", "change", "expected"),
    [
        (R, A, "label", drop(A, "label"), "is missing"),
        (R, A, "gaze", drop(A, "gaze"), "is missing"),
        (R, A, "lable", put(A, "lable", value="x"), "is not known; known here are label"),
        (R, A, "label", put(A, "label", value=True), "valid string"),
        (R, A, "label", put(A, "label", value="  "), "at least 1 character"),
        (R, A, "audience", put(A, "audience", value="a\nb"), "single line"),
        (R, A, "rationale", put(A, "rationale", value="x" * 241), "241 characters"),
        (R, A, "group", put(A, "group", value="continents"), "'regions' or 'preferences'"),
        (R, A, "side", put(A, "side", value="left"), "'away' or 'with'"),
        (R, A, "range", put(A, "range", value=[6, 0]), "6 to 0"),
        (R, A, "range", put(A, "range", value=[-1, 6]), "-1 to 6"),
        (R, A, "range", put(A, "range", value=[1, 2, 3]), "found [1, 2, 3]"),
        (R, A, "gaze", put(A, "gaze", value=[8, -4]), "8.9 degrees off the lens"),
        (R, A, "gaze", put(A, "gaze", value=[-3, 0]), "`side` picks the side"),
        (R, A, "gaze[2]", put(A, "gaze", value=[3, "down"]), "valid number (found 'down')"),
        (R, A, "gaze[1]", put(A, "gaze", value=[float("nan"), 0]), "finite"),
        (R, A, "smile_hint", put(A, "smile_hint", value=1.2), "found 1.2"),
        (R, A, "confidence.gaze", put(A, "confidence", "gaze", value="sure"), "'low'"),
        (R, A, "sources[1].doi", put(A, "sources", 0, "doi", value="doi:x"), "10.1234/abc"),
        (R, A, "sources[1].url", put(A, "sources", 0, "url", value="x.org"), "https://"),
        (R, A, "sources[1].status", put(A, "sources", 0, "status", value="memory"), "look it up"),
        (R, A, "sources[1].page", put(A, "sources", 0, "page", value=3), "known here are text"),
        (R, A, "id", put(A, "id", value="atlantis"), "take it out"),
        (R, "At Sea", "id", put("At Sea", value=REGION), "small letters"),
        (C, F, "doses.shadows", put(F, "doses", "shadows", value=-0.1), "found -0.1"),
        (C, F, "doses.shadows", put(F, "doses", "shadows", value=True), "found True"),
        (C, F, "doses.shadows", put(F, "doses", "shadows", value="0.1"), "found '0.1'"),
        (C, F, "doses.glow", put(F, "doses", "glow", value=0), "known here are blemishes"),
        (C, F, "texture_floor", put(F, "texture_floor", value=88), "found 88"),
        (C, F, "untouched", put(F, "doses", "shadows", value=0.1), "shadows above 0"),
        (C, F, "untouched", put(F, "texture_floor", value=0.9), "floor 0.9"),
        (E, P, "files", put(P, "files", value=[]), "what to download"),
        (E, P, "files", put(P, "weights", value="bundled"), "should be empty"),
        (E, P, "pipeline", put(P, "weights", value="none"), "should be null"),
        (E, P, "scheduler", drop(P, "scheduler"), "is needed"),
        (E, P, "steps", put(P, "steps", value=0), "found 0"),
        (E, P, "strength", put(P, "strength", value=2), "found 2"),
        (E, P, "files[1].revision", put(P, "files", 0, "revision", value="main"), "40 hex"),
        (E, P, "files[1].repo", put(P, "files", 0, "repo", value="name"), "found 'name'"),
        (E, P, "files[1].files", put(P, "files", 0, "files", value=[]), "at least 1"),
        (E, None, "default", put(P, "default", value=False), "exactly one engine (found none)"),
        (E, "twin", "default", put("twin", value=ENGINE), "found 'oar' and 'twin'"),
        (Q, P, "eyes", put(P, "eyes", value="{mood} eyes"), "has {mood}; known in braces are"),
        (Q, P, "eyes", put(P, "eyes", value="{gaze"), "braces that do not match"),
        (Q, P, "skin", put(P, "skin", value="{gaze}"), "has {gaze}; known in braces are"),
        (Q, P, "gaze.up", put(P, "gaze", "up", value=""), "at least 1 character"),
    ],
)
def test_a_wrong_entry_is_named(
    tmp_path: Path, file: str, entry: str | None, field: str, change: Change, expected: str
) -> None:
    write(tmp_path)
    load(tmp_path)
    write(tmp_path, {file: change})
    with pytest.raises(PresetError) as caught:
        load(tmp_path)
    error, text = caught.value, str(caught.value)
    assert (error.file, error.entry, error.field) == (file, entry, field)
    assert text.startswith(f"bad-preset: {file}")
    assert entry is None or f"entry '{entry}'" in text
    assert f"field '{field}'" in text
    assert expected in text


def test_a_misspelt_field_is_named_before_the_missing_one(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "regions.yaml"
    path.write_text(path.read_text().replace("rationale:", "rational:"))
    with pytest.raises(PresetError) as caught:
        load(tmp_path)
    text = str(caught.value)
    assert text.index("'rational'") < text.index("'rationale'")


def test_a_wrong_value_names_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "contexts.yaml"
    lines = path.read_text().splitlines()
    number = lines.index("    contrast: 0") + 1
    lines[number - 1] = "    contrast: 7"
    path.write_text("\n".join(lines))
    with pytest.raises(PresetError) as caught:
        load(tmp_path)
    assert caught.value.line == number
    assert f"field 'doses.contrast' (line {number})" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "entry", "field", "line", "expected"),
    [
        ("a:\n  label: x\n  why: one: two\n", None, None, 3, "not YAML: mapping values"),
        ("a:\n  label: x\n\trationale: y\n", None, None, 3, "indent by spaces"),
        ("a:\n  label: [1, 2\n", None, None, 3, "line 3 is not YAML"),
        ("a: {}\nb: {}\na: {}\n", "a", None, 3, "appears twice (lines 1 and 3)"),
        ("a:\n  label: x\n  label: y\n", "a", "label", 3, "field 'label' appears twice"),
        ("a:\n  b:\n    c: 1\n    c: 2\n", "a", "b.c", 4, "field 'b.c' appears twice"),
        ("a:\n  b: [{c: 1}, {d: 1, d: 2}]\n", "a", "b.2.d", 2, "field 'b.2.d' appears twice"),
        ("a: &a\n  b: *a\n", "a", "b", 2, "is not known"),
        ("no:\n  label: x\n", "False", None, 1, "put it in quotes"),
        ("\na: hello\n", "a", None, 2, "should hold indented fields"),
        ("a: {label: 2026-13-40}\n", None, None, None, "date or number"),
        ("a: !!python/object:os.system {}\n", None, None, 1, "not YAML: could not determine"),
        ("a: \x07\n", None, None, None, "not YAML"),
        ("- a\n- b\n", None, None, None, "holds no entries"),
        ("# nothing\n", None, None, None, "is empty"),
    ],
)
def test_a_file_that_is_not_a_list_of_entries_is_named(
    tmp_path: Path, text: str, entry: str | None, field: str | None, line: int | None, expected: str
) -> None:
    write(tmp_path)
    (tmp_path / "regions.yaml").write_text(text)
    with pytest.raises(PresetError) as caught:
        load(tmp_path)
    error = caught.value
    assert (error.entry, error.field, error.line) == (entry, field, line)
    assert str(error).startswith("bad-preset: regions.yaml")
    assert expected in str(error)


def test_a_missing_or_binary_file_is_named_without_its_folder(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "contexts.yaml").write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(PresetError, match=r"contexts\.yaml: is not UTF-8"):
        load(tmp_path)
    (tmp_path / "contexts.yaml").unlink()
    with pytest.raises(PresetError, match=r"contexts\.yaml: cannot be read") as caught:
        load(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_merged_fields_are_not_duplicates(tmp_path: Path) -> None:
    write(tmp_path)
    base = yaml.safe_dump({"atlantis": REGION}).replace("atlantis:", "atlantis: &base")
    (tmp_path / "regions.yaml").write_text(base + "mu:\n  <<: *base\n  label: Mu\n")
    assert [region.label for region in load(tmp_path).regions.values()] == ["Atlantis", "Mu"]


def test_models_refuse_invalid_values() -> None:
    with pytest.raises(ValidationError):
        Context.model_validate({**CONTEXT, "id": "x", "texture_floor": 0.5})
    with pytest.raises(ValidationError):
        Engine.model_validate({**ENGINE, "id": "x", "weights": "cloud"})
