"""Download the weights of a hub engine, and check them against the hub's checksums."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from pipelines.engines.weights import damage, locate, megabytes, own_folder, place
from pipelines.runtime.errors import EngineFailed, EngineUnavailable
from pipelines.runtime.messages import Message
from presets.schema import Engine, HubFile

# What the hub says, and huggingface_hub compares, where a token is revoked or has run out.
_INVALID_TOKEN = "Invalid credentials in Authorization header"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def fetch(engine: Engine, report: Callable[[str], None], endpoint: str | None = None) -> None:
    """Download the missing weights of an engine and check them; resumes an interrupted download.

    Args:
        engine: A hub engine.
        report: Called with a line of text for each repository and at the end.
        endpoint: Address of the hub; its usual one if None.

    Raises:
        EngineUnavailable: ``nothing-to-fetch``, ``no-network``, ``licence-not-accepted`` or
            ``token-refused``.
        EngineFailed: ``weights-damaged``: a file does not have the hub's checksum.
    """
    if engine.weights != "hub":
        raise EngineUnavailable(
            "nothing-to-fetch",
            Message("{engine} has nothing to download from the hub.", engine=engine.label),
        )
    for source in engine.files:
        report(
            f"{source.role}: {source.repo} at {source.revision[:12]}, "
            f"{megabytes(source.size_mb)}, {source.licence}"
        )
        for name in source.files:
            path = locate(source, name)
            if path is not None and damage(path):
                _remove(path)
        folder = _download(source, endpoint)
        for name in source.files:
            _check(source, name, folder / name)
    report(f"{engine.label} is complete, in {place()}.")


def _download(source: HubFile, endpoint: str | None) -> Path:
    """Download the files of one repository; returns its folder."""
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils import logging

    # The library logs every retry; only the final result is reported, by the sentences below.
    logging.set_verbosity_error()
    models = own_folder()
    try:
        folder = snapshot_download(
            source.repo,
            revision=source.revision,
            allow_patterns=list(source.files),
            local_dir=models / source.repo if models else None,
            endpoint=endpoint,
        )
    except GatedRepoError as error:
        raise _gated(source) from error
    except HfHubHTTPError as error:
        if error.response.headers.get("X-Error-Message") == _INVALID_TOKEN:
            raise _token_refused() from error
        raise _refused(source, _first_missing(source)) from error
    except (LocalEntryNotFoundError, httpx2.HTTPError) as error:
        raise _unreachable(source, _first_missing(source)) from error
    for name in source.files:
        if not (Path(folder) / name).is_file():
            # `snapshot_download` raises no error for a file that the repository does not have.
            raise _refused(source, name)
    return Path(folder)


def _first_missing(source: HubFile) -> str:
    return next((name for name in source.files if locate(source, name) is None), source.files[0])


def _refused(source: HubFile, name: str) -> EngineUnavailable:
    return EngineUnavailable(
        "no-network",
        Message(
            "The Hugging Face hub did not hand out {name} of {repo} at its pinned revision. "
            "Try again later; if it stays so, the file has been taken down.",
            name=name,
            repo=source.repo,
        ),
    )


def _gated(source: HubFile) -> EngineUnavailable:
    return EngineUnavailable(
        "licence-not-accepted",
        Message(
            "The Hugging Face hub hands out {repo} only to those who have accepted its licence "
            "({licence}). Accept it on https://huggingface.co/{repo}, run hf auth login with that "
            "account, then the command again.",
            repo=source.repo,
            licence=source.licence,
        ),
    )


def _token_refused() -> EngineUnavailable:
    return EngineUnavailable(
        "token-refused",
        "The Hugging Face hub does not take the token of this machine; it was revoked or has run "
        "out. Make a new one, run hf auth login, then the command again.",
    )


def _unreachable(source: HubFile, name: str) -> EngineUnavailable:
    return EngineUnavailable(
        "no-network",
        Message(
            "The Hugging Face hub can't be reached for {name} of {repo}. "
            "Check the network and run the command again; it goes on where it stopped.",
            name=name,
            repo=source.repo,
        ),
    )


def _check(source: HubFile, name: str, path: Path) -> None:
    """Remove a downloaded file and raise `EngineFailed` if it is damaged."""
    wrong = damage(path)
    expected = _hub_sha256(source, name, path)
    if wrong is None and expected is not None and _sha256(path) != expected:
        wrong = "is not the one that the hub announced"
    if wrong is None:
        return
    _remove(path)
    raise EngineFailed(
        "weights-damaged",
        Message(
            "The file {name} of {repo} {wrong} and was thrown away. Run the command again.",
            name=name,
            repo=source.repo,
            wrong=wrong,
        ),
    )


def _remove(path: Path) -> None:
    """Remove a file and, in the hub's cache, its blob, which would be taken for complete."""
    path.resolve().unlink()
    path.unlink(missing_ok=True)


def _hub_sha256(source: HubFile, name: str, path: Path) -> str | None:
    """SHA-256 of a large file according to the hub; None if it is not known.

    In the hub's cache it is the name of the blob, in `PRESENCE_MODELS` a line of the metadata file
    that huggingface_hub writes.
    """
    target = path.resolve().name
    if _SHA256.fullmatch(target):
        return target
    folder = own_folder()
    if folder is None:
        return None
    metadata = folder / source.repo / ".cache" / "huggingface" / "download" / f"{name}.metadata"
    if not metadata.is_file():
        return None
    lines = metadata.read_text(encoding="utf-8").splitlines()
    return lines[1] if len(lines) > 1 and _SHA256.fullmatch(lines[1]) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
