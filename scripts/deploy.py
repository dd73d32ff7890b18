"""Put the last commit of this repository on a Hugging Face Space.

    python -m scripts.deploy owner/name                  # or: make deploy SPACE=owner/name
    python -m scripts.deploy owner/name --hardware zero  # for ZeroGPU: HARDWARE=zero
    python -m scripts.deploy owner/name --dry-run        # say what would go, and stop
    python -m scripts.deploy owner/name --into FOLDER    # write what would go, and stop

The Space gets the files that git tracks and nothing else, whatever else lies in the folder. For
ZeroGPU two of them are adapted: the settings at the head of README.md and requirements.txt. It goes
through the Hub's upload, not a plain `git push`, because a push refuses files over 10 MiB.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ROOT = Path(__file__).resolve().parents[1]

# The Space has its own, which lists the files that it stores as large files.
NOT_UPLOADED = frozenset({".gitattributes"})
NEEDED = ("README.md", "app.py", "requirements.txt")

Hardware = Literal["cpu", "zero"]
# What the Hub calls the hardware of a new Space; that of an existing one is left as it is.
FLAVOURS: dict[Hardware, str] = {"cpu": "cpu-basic", "zero": "zero-a10g"}
ZERO_PYTHON = "3.12"
# The engine whose weights the Space fetches while it is built: the largest that is worth its disk.
ZERO_ENGINE = "flux2-klein"


class DeployError(Exception):
    """Why nothing was deployed, as a sentence for the user."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Deploy from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Put the last commit on a Hugging Face Space.")
    parser.add_argument("space", help="the Space, as owner/name")
    parser.add_argument("--hardware", choices=FLAVOURS, default="cpu", help="cpu or zero (ZeroGPU)")
    parser.add_argument("--dry-run", action="store_true", help="list the files, upload nothing")
    parser.add_argument("--into", type=Path, help="write the files there, upload nothing")
    options = parser.parse_args(arguments)
    try:
        files = deployable_files(root)
        if options.dry_run:
            print("\n".join(files))
            return 0
        if options.into:
            write(root, files, options.into, options.hardware)
            print(f"Wrote {len(files)} files.")
            return 0
        api = _hub_api()
        print(f"Uploading {len(files)} files to {options.space}.")
        print(f"Deployed: {deploy(options.space, root, files, api, options.hardware)}")
    except DeployError as error:
        print(f"Not deployed. {error}", file=sys.stderr)
        return 1
    return 0


def deployable_files(root: Path) -> list[str]:
    """List what the Space gets: the files that git tracks, relative to `root`, sorted.

    Raises:
        DeployError: `root` is no git repository, has uncommitted changes, or lacks a file that a
            Space cannot start without.
    """
    if _git(root, "status", "--porcelain", "--untracked-files=no"):
        raise DeployError("There are uncommitted changes: commit or stash them, then deploy again.")
    tracked = [name for name in _git(root, "ls-files", "-z").split("\0") if name]
    files = sorted(n for n in tracked if n not in NOT_UPLOADED and (root / n).is_file())
    for name in NEEDED:
        if name not in files:
            raise DeployError(f"A Space needs {name}, and git does not track it here.")
    if not _sdk_is_gradio((root / "README.md").read_text(encoding="utf-8")):
        raise DeployError(
            "README.md must begin with the Space's settings between two lines of `---`, "
            "`sdk: gradio` among them."
        )
    return files


def write(root: Path, files: Sequence[str], folder: Path, hardware: Hardware) -> None:
    """Write what the Space gets into a folder: the files, adapted to its hardware.

    Raises:
        DeployError: A file that is to be adapted does not have what is to be replaced.
    """
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target)
    if hardware == "zero":
        readme, pins = folder / "README.md", folder / "requirements.txt"
        readme.write_text(zero_settings(readme.read_text(encoding="utf-8")), encoding="utf-8")
        zero = (root / "requirements-zero.txt").read_text(encoding="utf-8")
        pins.write_text(zero_pins(pins.read_text(encoding="utf-8"), zero), encoding="utf-8")


def zero_settings(readme: str) -> str:
    """README.md with the settings of a ZeroGPU Space: Python, hardware, and weights to fetch."""
    import yaml

    from presets.schema import load

    _, settings, text = _head(readme)
    changed = {
        **yaml.safe_load(settings),
        "python_version": ZERO_PYTHON,
        "suggested_hardware": FLAVOURS["zero"],
        "preload_from_hub": [
            f"{source.repo} {','.join(source.files)} {source.revision}"
            for source in load().engines[ZERO_ENGINE].files
        ],
    }
    head = yaml.safe_dump(changed, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{head}---\n{text}"


def zero_pins(requirements: str, zero: str) -> str:
    """requirements.txt with the pins of requirements-zero.txt in place of its own.

    Raises:
        DeployError: A replaced package is not pinned, so the two files no longer fit together.
    """
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", zero, flags=re.MULTILINE))
    for name in ("torch", "torchvision"):
        pattern = rf"^{name}==\S+$"
        requirements, replaced = re.subn(
            pattern, f"{name}=={pins.pop(name)}", requirements, flags=re.MULTILINE
        )
        if replaced != 1:
            raise DeployError(f"requirements.txt does not pin {name}, which ZeroGPU has otherwise.")
    more = "".join(f"{name}=={version}\n" for name, version in pins.items())
    return f"{requirements}\n# ZeroGPU\n{more}"


def deploy(
    space: str, root: Path, files: Sequence[str], api: HfApi, hardware: Hardware = "cpu"
) -> str:
    """Create the Space if it is new, upload `files`, remove files that are no longer tracked.

    Returns:
        The Space's address.

    Raises:
        DeployError: The name is not owner/name, or the Hub refused or could not be reached.
    """
    import httpx2  # what huggingface_hub speaks HTTP with
    from huggingface_hub import SpaceHardware
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not re.fullmatch(r"[\w.-]+/[\w.-]+", space):
        raise DeployError(f"The Space is named owner/name, for example ada/presence; got {space}.")
    commit = _git(root, "rev-parse", "--short", "HEAD").strip()
    with tempfile.TemporaryDirectory(prefix="presence-deploy-") as folder:
        write(root, files, Path(folder), hardware)
        try:
            url = api.create_repo(
                space,
                repo_type="space",
                space_sdk="gradio",
                space_hardware=SpaceHardware(FLAVOURS[hardware]),
                exist_ok=True,
            )
            api.upload_folder(
                repo_id=space,
                repo_type="space",
                folder_path=folder,
                delete_patterns=["*"],
                commit_message=f"Deploy {commit}",
            )
        except HFValidationError as error:
            raise DeployError(f"{space} is not a name the Hub accepts: {error}") from error
        except HfHubHTTPError as error:
            raise DeployError(
                f"The Hub refused: {error}\nThe token needs write access to {space}."
            ) from error
        except (httpx2.HTTPError, ConnectionError) as error:
            raise DeployError(f"The Hub could not be reached: {error}") from error
    return str(url)


def _hub_api() -> HfApi:
    from huggingface_hub import HfApi, get_token

    token = get_token()
    if token is None:
        raise DeployError(
            "No Hugging Face token was found. Make one with write access in your account's "
            "settings, then run `hf auth login` or set HF_TOKEN, and deploy again."
        )
    return HfApi(token=token)


def _sdk_is_gradio(readme: str) -> bool:
    import yaml

    before, head, _ = _head(readme)
    if before.strip() or not head:
        return False
    try:
        settings = yaml.safe_load(head)
    except yaml.YAMLError:
        return False
    return isinstance(settings, dict) and settings.get("sdk") == "gradio"


def _head(readme: str) -> tuple[str, str, str]:
    """What stands before the first line of `---`, between the first two, and after them."""
    parts = re.split(r"^---[ \t]*\n", readme, maxsplit=2, flags=re.MULTILINE)
    before, head, text = (*parts, "", "", "")[:3]
    return before, head, text


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise DeployError("git is not installed; it says which files belong to us.") from error
    except subprocess.CalledProcessError as error:
        raise DeployError(f"git could not answer: {error.stderr.strip()}") from error
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
