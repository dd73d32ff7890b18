"""Where the weights of an engine are, and whether they are all there and undamaged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.runtime.errors import EngineUnavailable
from pipelines.runtime.messages import Message
from pipelines.runtime.settings import ModelSettings
from presets.schema import Engine, HubFile

State = Literal["ready", "slow", "download", "absent"]

MODELS = "PRESENCE_MODELS"
"""Environment variable that names a folder with models; see `ModelSettings`."""

BUNDLED = Path(__file__).parent / "bundled"
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class WeightFile:
    """One file that an engine needs.

    Attributes:
        source: The preset's entry that lists it; None for a bundled engine.
        name: Path in its repository or folder.
        path: Where it is here; None if it is not.
    """

    source: HubFile | None
    name: str
    path: Path | None


def require(engine: Engine) -> None:
    """Check that an engine's weights are here and whole, before any work starts.

    Reads file names and the headers of safetensors files, not gigabytes.

    Raises:
        EngineUnavailable: ``weights-missing`` or ``weights-damaged``; the sentence says what is
            needed, how large it is, under which licence, and how to get it.
    """
    if engine.weights == "none":
        return
    if engine.weights == "bundled":
        _require_bundled(engine)
        return
    found = files(engine)
    if any(one.path is None for one in found):
        raise EngineUnavailable("weights-missing", missing_sentence(engine))
    for one in found:
        if one.path is not None and (wrong := damage(one.path)):
            raise _damaged(
                Message(
                    "{file} of {where}",
                    file=one.name,
                    where=one.source.repo if one.source else engine.label,
                ),
                wrong,
                Message("Run {command} again.", command=command(engine)),
            )


def state(engine: Engine, has_gpu: Callable[[], bool]) -> State:
    """Whether an engine could start: ``ready``, ``slow`` (wants a GPU), ``download``, ``absent``.

    Args:
        engine: The preset.
        has_gpu: Asked only where it matters, because asking loads torch.
    """
    if engine.weights == "none":
        return "ready"
    if engine.weights == "bundled":
        return "ready" if (bundled(engine) / "model_index.json").is_file() else "absent"
    if any(one.path is None for one in files(engine)):
        return "download"
    return "ready" if not engine.wants_gpu or has_gpu() else "slow"


def files(engine: Engine) -> tuple[WeightFile, ...]:
    """Every file of a hub engine, and where it is."""
    folder = own_folder()
    return tuple(
        WeightFile(source, name, _located(source, name, folder))
        for source in engine.files
        for name in source.files
    )


def locate(source: HubFile, name: str) -> Path | None:
    """A hub file in `PRESENCE_MODELS` or in the hub's cache at its pinned revision, else None."""
    return _located(source, name, own_folder())


def _located(source: HubFile, name: str, folder: Path | None) -> Path | None:
    if folder is not None:
        path = folder / source.repo / name
        return path if path.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(source.repo, name, revision=source.revision)
    return Path(cached) if isinstance(cached, str) else None


def by_role(engine: Engine, role: str) -> HubFile | None:
    """The engine's files with a role, or None."""
    return next((one for one in engine.files if one.role == role), None)


def parameters(engine: Engine) -> int:
    """Number of parameters in the safetensors files of a hub engine, all of which are here."""
    paths = [one.path for one in files(engine) if one.path is not None]
    headers = [_safetensors_header(path)[1] for path in paths if path.suffix == ".safetensors"]
    return sum(
        math.prod(tensor["shape"]) for header in headers for tensor in (header or {}).values()
    )


def root(engine: Engine, role: str) -> Path:
    """The folder that stands for the root of the repository of the files with this role.

    Raises:
        EngineUnavailable: ``weights-missing``.
    """
    if one := by_role(engine, role):
        path = locate(one, one.files[0])
        if path is not None:
            return path.parents[len(Path(one.files[0]).parts) - 1]
    raise EngineUnavailable("weights-missing", missing_sentence(engine))


def bundled(engine: Engine) -> Path:
    """The folder of a bundled engine: in `PRESENCE_MODELS` if there is one, else our own."""
    folder = own_folder()
    if folder is not None and (folder / engine.id).is_dir():
        return folder / engine.id
    return BUNDLED / engine.id


def own_folder() -> Path | None:
    """The folder that `PRESENCE_MODELS` names, or None where it is not set."""
    named = ModelSettings.read().models
    return None if named is None else named.expanduser()


def command(engine: Engine) -> str:
    """The command that fetches an engine's weights."""
    return f"python -m pipelines fetch {engine.id}"


def place() -> str:
    """Where fetched files go, in words without a path."""
    if own_folder() is not None:
        return Message("the folder that {variable} names", variable=MODELS)
    return "the Hugging Face cache of the machine that runs Presence"


def missing_sentence(engine: Engine) -> str:
    """What a hub engine needs, how large, which licences, where it goes, and how to get it."""
    wanted = files(engine)
    there = sum(one.path is not None for one in wanted)
    size = sum(source.size_mb for source in engine.files)
    template = (
        "{engine} needs {size} of files that are not here ({there} of {all} files are): {files}. "
        "The command {command} fetches them into {place}; until then the geometry engine needs "
        "none."
        if there
        else "{engine} needs {size} of files that are not here: {files}. "
        "The command {command} fetches them into {place}; until then the geometry engine needs "
        "none."
    )
    return Message(
        template,
        engine=engine.label,
        size=megabytes(size),
        there=there,
        all=len(wanted),
        files=", ".join(_repositories(engine)),
        command=command(engine),
        place=place(),
    )


def damage(path: Path) -> str | None:
    """What is wrong with a file as far as it tells by itself, or None.

    A safetensors file announces its own length: eight bytes with the header's size, the header,
    and the end of the last tensor (https://github.com/huggingface/safetensors, "Format").
    """
    size = path.stat().st_size
    if not size:
        return "is empty"
    try:
        if path.suffix == ".safetensors":
            return _safetensors_damage(path, size)
        if path.suffix == ".json":
            content = json.loads(path.read_text(encoding="utf-8"))
            if path.name.endswith(".safetensors.index.json"):
                return _index_damage(path, content["weight_map"])
    except (ValueError, KeyError, TypeError):
        return "can't be read"
    return None


def _safetensors_damage(path: Path, size: int) -> str | None:
    length, header = _safetensors_header(path)
    if header is None:
        return "is cut off"
    announced = 8 + length + max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if size < announced:
        return Message("is cut off ({missing:,} bytes are missing)", missing=announced - size)
    return "is longer than it says" if size > announced else None


def _index_damage(path: Path, shards: dict[str, str]) -> str | None:
    """Whether the files that an index of tensors names hold them; files may be absent."""
    for name in sorted(set(shards.values())):
        shard = path.parent / name
        if not shard.is_file():
            continue
        _, header = _safetensors_header(shard)
        if header is not None and {one for one in shards if shards[one] == name} - header.keys():
            return Message("does not fit {shard} beside it", shard=name)
    return None


def _safetensors_header(path: Path) -> tuple[int, dict[str, Any] | None]:
    """Length of the header and its tensors; None where the file ends before."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(_LONGEST_HEADER, path.stat().st_size):
            return length, None
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return length, header


def _repositories(engine: Engine) -> list[str]:
    sizes: dict[str, float] = {}
    licences: dict[str, str] = {}
    for source in engine.files:
        sizes[source.repo] = sizes.get(source.repo, 0) + source.size_mb
        licences[source.repo] = source.licence
    return [f"{repo} ({megabytes(sizes[repo])}, {licences[repo]})" for repo in sizes]


def _require_bundled(engine: Engine) -> None:
    folder = bundled(engine)
    if not (folder / "model_index.json").is_file():
        raise EngineUnavailable(
            "weights-missing",
            Message(
                "The weights of {engine} are not here. Install Presence again, or choose the "
                "geometry engine, which needs none.",
                engine=engine.label,
            ),
        )
    for path in sorted(_parts(folder)):
        if not path.is_file():
            raise EngineUnavailable(
                "weights-missing",
                Message(
                    "{file} of {engine} is missing. "
                    "Install Presence again, or choose the geometry engine.",
                    file=f"{path.parent.name}/{path.name}",
                    engine=engine.label,
                ),
            )
        if wrong := damage(path):
            raise _damaged(
                Message(
                    "{file} of {where}",
                    file=f"{path.parent.name}/{path.name}",
                    where=engine.label,
                ),
                wrong,
                "Install Presence again, or choose the geometry engine.",
            )


def _parts(folder: Path) -> Iterator[Path]:
    """The files of a folder in diffusers' layout: the index, and what each part must have."""
    index = folder / "model_index.json"
    yield index
    if damage(index):
        return
    parts = json.loads(index.read_text(encoding="utf-8"))
    for name, value in parts.items():
        if not isinstance(value, list) or name.startswith("_"):
            continue
        if name == "scheduler":
            yield folder / name / "scheduler_config.json"
            continue
        yield folder / name / "config.json"
        weights = sorted((folder / name).glob("*.safetensors"))
        yield from weights or [folder / name / "diffusion_pytorch_model.safetensors"]


def _damaged(name: str, wrong: str, remedy: str) -> EngineUnavailable:
    return EngineUnavailable(
        "weights-damaged",
        Message("The file {name} {wrong}. {remedy}", name=name, wrong=wrong, remedy=remedy),
    )


def megabytes(size: float) -> str:
    """A size in MB in words, in GB from 1000 MB on."""
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size:.0f} MB"
