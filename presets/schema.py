"""Read and validate regions.yaml, contexts.yaml, engines.yaml and prompts.yaml.

The files are edited by people who do not program, so an error names the file, the entry, the field
and the line. This module imports nothing else of the project.
"""

import math
import re
import reprlib
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

PROMPT_WORDS = frozenset({"start", "gaze", "expression", "wardrobe", "background"})
"""What a prompt may have in braces: its own `start`, the gaze, and a context's words."""
RATIONALE_LENGTH = 240
"""The most characters that fit in two lines under a dropdown."""


@dataclass(frozen=True)
class Presets:
    """All entries of the dropdowns by id; each mapping is read-only and in the file's order."""

    regions: "Mapping[str, Region]"
    contexts: "Mapping[str, Context]"
    engines: "Mapping[str, Engine]"

    @property
    def default_engine(self) -> str:
        """The id of the one engine marked `default: true`."""
        return next(engine.id for engine in self.engines.values() if engine.default)


def load(folder: Path | None = None) -> Presets:
    """Load the presets.

    Args:
        folder: Where the four files are; None for the packaged ones, which are cached.

    Raises:
        PresetError: A file is missing, is not YAML, or holds a wrong entry.
    """
    return _load_packaged() if folder is None else _read(folder)


class PresetError(ValueError):
    """A preset file cannot be used. The error's text is "bad-preset: " and the sentence.

    Attributes:
        code: Always "bad-preset".
        sentence: What is wrong and where, for the person who edited the file.
        file: Name of the file, such as "regions.yaml".
        entry: Id of the entry, or None where the whole file is wrong.
        field: The first wrong field, such as "doses.blemishes", or None.
        line: Line in the file, counted from 1, or None if unknown.
    """

    code = "bad-preset"

    def __init__(
        self,
        file: str,
        problem: str,
        *,
        entry: str | None = None,
        field: str | None = None,
        line: int | None = None,
    ) -> None:
        place = file if entry is None else f"{file}, entry '{entry}'"
        self.sentence = f"{place}: {problem}."
        self.file, self.entry, self.field, self.line = file, entry, field, line
        super().__init__(f"{self.code}: {self.sentence}")


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("should be a single line")
    return text


def _short(text: str) -> str:
    if len(text) > RATIONALE_LENGTH:
        raise ValueError(f"has {len(text)} characters; at most {RATIONALE_LENGTH} can be shown")
    return text


def _id(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text):
        raise ValueError("an entry's name is made of small letters, digits and single hyphens")
    return text


def _doi(text: str) -> str:
    if not re.fullmatch(r"10\.\d{4,9}/\S+", text):
        raise ValueError(f"should look like 10.1234/abc, without https:// (found {text!r})")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://\S+", text):
        raise ValueError(f"should begin with https:// (found {text!r})")
    return text


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", text):
        raise ValueError(f"should be the 40 hex digits of a commit in quotes (found {text!r})")
    return text


def _template(text: str, words: frozenset[str] = PROMPT_WORDS) -> str:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"has braces that do not match ({error})") from None
    if unknown := names - words:
        known = ", ".join(f"{{{name}}}" for name in sorted(words))
        raise ValueError(f"has {{{min(unknown)}}}; known in braces are {known}")
    return text


def _template_without_gaze(text: str) -> str:
    return _template(text, PROMPT_WORDS - {"gaze"})


Note = Annotated[str, AfterValidator(_one_line)]
Line = Annotated[str, StringConstraints(min_length=1), AfterValidator(_one_line)]
Rationale = Annotated[Line, AfterValidator(_short)]
Id = Annotated[str, AfterValidator(_id)]
Unit = Annotated[float, Field(ge=0, le=1)]
# Not strict, because YAML has only lists, and the models hold tuples, which cannot change.
Pair = Annotated[tuple[float, float], Field(strict=False)]
Lines = Annotated[tuple[Line, ...], Field(strict=False)]
Level = Literal["low", "medium", "high", "none"]
Frame = Literal["keep", "1x1", "4x5", "3x4", "3x2", "16x9"]
Backdrop = Literal["keep", "soften", "plain"]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class StrictModel(BaseModel):
    """An immutable model that refuses unknown fields and converts no types."""

    # Strict, because YAML reads a bare yes as True, which pydantic would convert to a dose of 1.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, str_strip_whitespace=True
    )


class Source(StrictModel):
    """A source of a preset.

    `status` says how it was checked: "seen" (the record or its abstract was read), "secondary"
    (another source reports it), "memory" (not checked, and therefore without a DOI or URL).
    """

    text: Line
    doi: Annotated[str, AfterValidator(_doi)] | None = None
    url: Annotated[str, AfterValidator(_url)] | None = None
    status: Literal["seen", "secondary", "memory"]

    @property
    def link(self) -> str | None:
        """The URL of the DOI if there is one, else `url`."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    @field_validator("status")
    @classmethod
    def _memory_has_no_link(cls, status: str, info: ValidationInfo) -> str:
        if status == "memory" and (info.data.get("doi") or info.data.get("url")):
            raise ValueError("a source from memory carries no doi or url; look it up first")
        return status


class Confidence(StrictModel):
    """How well the evidence supports a region; "none" where the preset makes no claim."""

    gaze: Level
    smile: Level


class Region(StrictModel):
    """The gaze norm of an audience, or a preference that belongs to no region.

    `gaze` is (yaw, pitch) in degrees off the lens, or None to leave the eyes as they are. Its yaw
    is 0 or more; `side` puts it on the side "away" from the head's turn or "with" it. `range` is
    the minimum and maximum angle off the lens that still fits, in degrees. `smile_hint` goes from 0
    (neutral) to 1.
    """

    id: Id
    label: Line
    group: Literal["regions", "preferences"]
    audience: Line
    range: Pair
    gaze: Pair | None
    side: Literal["away", "with"] = "away"
    smile_hint: Unit | None = None
    confidence: Confidence
    rationale: Rationale
    against: Note = ""
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    @property
    def off_lens(self) -> float | None:
        """Angle between `gaze` and the lens in degrees, or None where the gaze is kept."""
        return None if self.gaze is None else off_lens(*self.gaze)

    @field_validator("range")
    @classmethod
    def _range_rises_from_the_lens(cls, pair: tuple[float, float]) -> tuple[float, float]:
        low, high = pair
        if not 0 <= low <= high:
            raise ValueError(f"should rise from 0 or more (found {low:g} to {high:g})")
        return pair

    @field_validator("gaze")
    @classmethod
    def _gaze_lies_within_range(
        cls, gaze: tuple[float, float] | None, info: ValidationInfo
    ) -> tuple[float, float] | None:
        if gaze is None:
            return None
        if gaze[0] < 0:
            raise ValueError(f"goes sideways by {gaze[0]:g}; use 0 or more, `side` picks the side")
        low, high = info.data.get("range", (0, math.inf))
        angle = off_lens(*gaze)
        if not low <= angle <= high:
            raise ValueError(f"is {angle:.1f} degrees off the lens; `range` is {low:g} to {high:g}")
        return gaze


class Doses(StrictModel):
    """Strengths of the retouching steps of a context, each from 0 (none) to 1 (full)."""

    blemishes: Unit
    evenness: Unit
    under_eye: Unit
    shadows: Unit
    contrast: Unit
    sharpness: Unit
    light: Unit = 0.0


class Context(StrictModel):
    """The purpose of a portrait.

    `texture_floor` (0 to 1) is the minimum share of fine skin texture to keep. `untouched` means
    that no pixel may change. `frame` and `backdrop` are suggestions, `ground` is the colour of a
    plain backdrop (sRGB). `wardrobe`, `background` and `expression` are shown to people and used in
    prompts. `disclosure` says what viewers must be told; empty if nothing.
    """

    id: Id
    label: Line
    purpose: Line
    doses: Doses
    texture_floor: Unit
    untouched: bool = False
    wardrobe: Line
    background: Line
    expression: Line
    crop: Line
    frame: Frame = "keep"
    backdrop: Backdrop = "keep"
    ground: Colour = "#d4d6d8"
    rationale: Rationale
    disclosure: Note = ""
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    @field_validator("untouched")
    @classmethod
    def _untouched_asks_for_nothing(cls, untouched: bool, info: ValidationInfo) -> bool:
        doses, floor = info.data.get("doses"), info.data.get("texture_floor")
        if not untouched or doses is None or floor is None:
            return untouched
        asked = [name for name, dose in doses.model_dump().items() if dose]
        if asked or floor != 1:
            raise ValueError(
                "true asks for every dose of `doses` at 0 and a `texture_floor` of 1 "
                f"(found {', '.join(asked) or 'no dose'} above 0, floor {floor:g})"
            )
        return untouched


class HubFile(StrictModel):
    """Files of one Hugging Face repository at one commit; `size_mb` is their total size in MB."""

    role: Line
    repo: Annotated[Line, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, AfterValidator(_commit)]
    subfolder: Note = ""
    files: Annotated[Lines, Field(min_length=1)]
    size_mb: Annotated[float, Field(gt=0)]
    licence: Line


class GazeWords(StrictModel):
    """A gaze in words: into the lens, aside, up, down, or only a little off the lens."""

    contact: Line
    aside: Line
    up: Line
    down: Line
    slight: Line


class ExpressionWords(StrictModel):
    """How an engine is asked for another expression: the prompt, and each expression in words."""

    prompt: Annotated[Line, AfterValidator(_template_without_gaze)]
    slight_smile: Line
    relaxed_brows: Line


class Prompts(StrictModel):
    """The prompts of a hub engine, with `PROMPT_WORDS` in braces.

    `eyes` is used to redraw the eyes of a photo, `skin` its skin, `expressions` mouth or brows,
    `headshot` all around its head, and `whole` to draw a face from noise; None where the engine
    does not. `negative` is None for a
    model that takes no negative words.
    """

    id: Id
    start: Line
    negative: Line | None = None
    gaze: GazeWords
    eyes: Annotated[Line, AfterValidator(_template)]
    skin: Annotated[Line, AfterValidator(_template_without_gaze)] | None = None
    expressions: ExpressionWords | None = None
    headshot: Annotated[Line, AfterValidator(_template_without_gaze)] | None = None
    whole: Annotated[Line, AfterValidator(_template)] | None = None


class Drawing(StrictModel):
    """Generation parameters of a hub engine.

    `size` is the side in pixels of the square crop around the face. `guidance_scale` weights the
    prompt, `control_scale` the control image and `identity_scale` the person's face (IP-Adapter).
    `precision` is what the model computes in on a CUDA GPU. `prompts` are read from prompts.yaml.
    """

    size: Annotated[int, Field(ge=64, multiple_of=64)] = 512
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 1.5
    control_scale: Annotated[float, Field(ge=0, le=2)] = 1.0
    identity_scale: Unit = 0.6
    precision: Literal["float16", "bfloat16"] = "float16"
    prompts: Prompts | None = None


class Engine(StrictModel):
    """A method of moving the eyes.

    `pipeline` and `scheduler` are class names; they, `steps` and `strength` (0 to 1) are None where
    `weights` is "none". `files` and `drawing` are used for "hub" only. `memory_gb` is main memory,
    or GPU memory for "hub". `wants_gpu` means that it takes minutes without a GPU.
    """

    id: Id
    label: Line
    summary: Line
    weights: Literal["none", "bundled", "hub"]
    pipeline: Line | None = Field(default=None, validate_default=True)
    files: Annotated[tuple[HubFile, ...], Field(strict=False, validate_default=True)] = ()
    scheduler: Line | None = Field(default=None, validate_default=True)
    steps: Annotated[int, Field(ge=1)] | None = Field(default=None, validate_default=True)
    strength: Unit | None = Field(default=None, validate_default=True)
    drawing: Drawing = Drawing()
    memory_gb: Annotated[float, Field(gt=0)]
    wants_gpu: bool = False
    licence: Line
    default: bool = False

    @field_validator("pipeline", "scheduler", "steps", "strength")
    @classmethod
    def _given_with_weights_only(cls, value: object, info: ValidationInfo) -> object:
        weights = info.data.get("weights")
        if weights == "none" and value is not None:
            raise ValueError(f"should be null where `weights` is none (found {value!r})")
        if weights in ("bundled", "hub") and value is None:
            raise ValueError(f"is needed where `weights` is {weights}")
        return value

    @field_validator("files")
    @classmethod
    def _files_from_the_hub_only(
        cls, files: tuple[HubFile, ...], info: ValidationInfo
    ) -> tuple[HubFile, ...]:
        weights = info.data.get("weights")
        if weights == "hub" and not files:
            raise ValueError("has to list what to download where `weights` is hub")
        if weights in ("none", "bundled") and files:
            raise ValueError(f"should be empty where `weights` is {weights}")
        return files

    @property
    def draws_skin(self) -> bool:
        """Whether it can redraw the skin at low strength (generative polish)."""
        return self.drawing.prompts is not None and self.drawing.prompts.skin is not None

    @property
    def draws_expressions(self) -> bool:
        """Whether it can be asked for another expression of the face of a photo."""
        return self.drawing.prompts is not None and self.drawing.prompts.expressions is not None

    @property
    def draws_headshots(self) -> bool:
        """Whether it can draw clothes and ground around the head of a photo."""
        return self.drawing.prompts is not None and self.drawing.prompts.headshot is not None

    @property
    def invents(self) -> bool:
        """Whether it can draw a face from noise."""
        return self.drawing.prompts is not None and self.drawing.prompts.whole is not None


def off_lens(yaw: float, pitch: float) -> float:
    """Angle between a gaze and the lens; arguments and result in degrees."""
    yaw, pitch = math.radians(yaw), math.radians(pitch)
    across = math.hypot(math.sin(yaw) * math.cos(pitch), math.sin(pitch))
    return math.degrees(math.atan2(across, math.cos(yaw) * math.cos(pitch)))


M = TypeVar("M", bound=StrictModel)


@dataclass(frozen=True, eq=False)
class YamlDocument:
    """A YAML document, as plain data and as nodes with line numbers.

    Attributes:
        file: Name of the file, for error messages.
        root: The document as nodes.
        data: The document as lists, mappings and scalars.
    """

    file: str
    root: yaml.Node
    data: Any

    def entries(self, model: type[M]) -> Mapping[str, M]:
        """Validate all entries of the document against a model; the result is keyed by id.

        Raises:
            PresetError: An entry is wrong, or there is none.
        """
        if not isinstance(self.data, dict) or not self.data:
            raise PresetError(self.file, "holds no entries; each begins with its name and a colon")
        return MappingProxyType(
            {name: _entry(self.file, self.root, name, self.data[name], model) for name in self.data}
        )

    def line(self, *path: str | int) -> int:
        """Line, counted from 1, of the deepest node that exists along a path of keys."""
        return _line(self.root, path)


def documents(file: str, text: str) -> list[YamlDocument]:
    """Parse the documents of a YAML text, separated by lines of ``---``; empty ones are left out.

    Args:
        file: The file's name, for error messages.
        text: The file's content.

    Raises:
        PresetError: The text is not YAML, or a key appears twice.
    """
    with _as_preset_errors(file):
        return list(_documents(file, yaml.SafeLoader(text)))


@cache
def _load_packaged() -> Presets:
    return _read(Path(__file__).parent)


def _read(folder: Path) -> Presets:
    regions = _read_file(folder / "regions.yaml").entries(Region)
    contexts = _read_file(folder / "contexts.yaml").entries(Context)
    engines = _read_file(folder / "engines.yaml").entries(Engine)
    prompts = _read_file(folder / "prompts.yaml").entries(Prompts)
    _check_one_default(engines)
    return Presets(regions, contexts, _with_prompts(engines, prompts))


def _with_prompts(
    engines: Mapping[str, Engine], prompts: Mapping[str, Prompts]
) -> Mapping[str, Engine]:
    drawing = [name for name, engine in engines.items() if engine.weights == "hub"]
    for name in prompts:
        if name not in drawing:
            problem = "is no engine from the hub in engines.yaml"
            raise PresetError("prompts.yaml", problem, entry=name)
    for name in drawing:
        if name not in prompts:
            raise PresetError(
                "prompts.yaml", f"has no entry '{name}', which is an engine from the hub"
            )
    with_prompts = {
        name: engines[name].drawing.model_copy(update={"prompts": prompts[name]})
        for name in drawing
    }
    return MappingProxyType(
        {
            name: engine.model_copy(update={"drawing": with_prompts.get(name, engine.drawing)})
            for name, engine in engines.items()
        }
    )


def _check_one_default(engines: Mapping[str, Engine]) -> None:
    defaults = [engine.id for engine in engines.values() if engine.default]
    if len(defaults) != 1:
        found = " and ".join(f"'{name}'" for name in defaults) or "none"
        raise PresetError(
            "engines.yaml",
            f"field 'default': should be true for exactly one engine (found {found})",
            entry=defaults[1] if defaults else None,
            field="default",
        )


def _documents(file: str, loader: yaml.SafeLoader) -> Iterator[YamlDocument]:
    while loader.check_node():
        # The stubs say never None, but an empty document gives None.
        root: yaml.Node | None = loader.get_node()
        if root is not None and root.tag != "tag:yaml.org,2002:null":
            yield _document(file, root, loader)


def _document(file: str, root: yaml.Node, loader: yaml.SafeLoader) -> YamlDocument:
    # Must come first: constructing the document folds merged keys (<<) into the nodes.
    _check_duplicates(file, root)
    return YamlDocument(file, root, loader.construct_document(root))


def _entry(file: str, root: yaml.Node, name: Any, body: Any, model: type[M]) -> M:
    line = _line(root, (name,))
    if not isinstance(name, str):
        problem = f"YAML does not read this name (line {line}) as text; put it in quotes"
        raise PresetError(file, problem, entry=str(name), line=line)
    if not isinstance(body, dict):
        problem = f"should hold indented fields (line {line}; found {reprlib.repr(body)})"
        raise PresetError(file, problem, entry=name, line=line)
    if "id" in body:
        problem = f"field 'id' (line {_line(root, (name, 'id'))}): take it out; the name is the id"
        raise PresetError(file, problem, entry=name, field="id", line=_line(root, (name, "id")))
    try:
        return model.model_validate({"id": name, **body})
    except ValidationError as error:
        raise _entry_error(file, root, name, model, error) from None


def _entry_error(
    file: str, root: yaml.Node, name: str, model: type[BaseModel], error: ValidationError
) -> PresetError:
    # A misspelt field gives two errors, unknown and missing; name the misspelt one first.
    errors = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    problems = [
        f"field '{_field_path(detail['loc'])}' (line {_line(root, (name, *detail['loc']))}): "
        f"{_describe(detail, model)}"
        for detail in errors
    ]
    first = errors[0]["loc"]
    return PresetError(
        file,
        "; ".join(problems),
        entry=name,
        field=_field_path(first),
        line=_line(root, (name, *first)),
    )


def _field_path(loc: tuple[int | str, ...]) -> str:
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in loc)
    return "".join(steps).removeprefix(".")


_SUBMODELS: dict[str, type[BaseModel]] = {
    "confidence": Confidence,
    "doses": Doses,
    "drawing": Drawing,
    "expressions": ExpressionWords,
    "files": HubFile,
    "gaze": GazeWords,
    "sources": Source,
}


def _describe(error: ErrorDetails, model: type[BaseModel]) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "extra_forbidden":
        part = model if len(error["loc"]) == 1 else _SUBMODELS[str(error["loc"][0])]
        return (
            f"is not known; known here are {', '.join(f for f in part.model_fields if f != 'id')}"
        )
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{error['msg'].removeprefix('Input ')} (found {reprlib.repr(error['input'])})"


def _read_file(path: Path) -> YamlDocument:
    with _as_preset_errors(path.name):
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            raise PresetError(path.name, "is empty")
        return _document(path.name, root, loader)


@contextmanager
def _as_preset_errors(file: str) -> Iterator[None]:
    """Convert errors from reading a file to `PresetError`."""
    try:
        yield
    except PresetError:
        raise
    except OSError as error:
        raise PresetError(file, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise PresetError(file, "is not UTF-8 text; save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise _syntax_error(file, error) from error
    except ValueError as error:
        # 2026-13-40 matches YAML's pattern of a date, but cannot be constructed.
        raise PresetError(file, f"holds a date or number that is none ({error})") from error


def _syntax_error(file: str, error: yaml.YAMLError) -> PresetError:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return PresetError(file, f"is not YAML: {str(error).splitlines()[0]}")
    line = mark.line + 1
    problem = getattr(error, "problem", None) or "cannot be read"
    hint = "indent by spaces, and quote a text with a colon followed by a space"
    return PresetError(file, f"line {line} is not YAML: {problem}; {hint}", line=line)


def _check_duplicates(file: str, root: yaml.Node) -> None:
    for path, first, second in _duplicates(root, (), set()):
        lines = f"lines {first} and {second}"
        if len(path) == 1:
            raise PresetError(file, f"appears twice ({lines})", entry=path[0], line=second)
        field = ".".join(path[1:])
        problem = f"field '{field}' appears twice ({lines})"
        raise PresetError(file, problem, entry=path[0], field=field, line=second)


def _duplicates(
    node: yaml.Node, path: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[tuple[str, ...], int, int]]:
    # An alias refers to a node that was visited already, possibly one that contains the alias.
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _duplicates(child, (*path, str(index + 1)), seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, child in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                yield (*path, name), lines[name], line
            lines[name] = line
            yield from _duplicates(child, (*path, name), seen)


def _line(root: yaml.Node, path: tuple[Any, ...]) -> int:
    """Line, counted from 1, of the deepest node that exists along `path`."""
    node, line = root, root.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
            continue
        if not isinstance(node, yaml.MappingNode):
            break
        found = [(key, child) for key, child in node.value if key.value == str(step)]
        if not found:
            break
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line
