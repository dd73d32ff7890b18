import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import huggingface_hub
import pytest
import yaml
from huggingface_hub import HfApi

from presets.schema import load
from scripts import deploy
from scripts.deploy import DeployError

README = "---\ntitle: Presence\nsdk: gradio\n---\n\n# Presence\n"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and files outside of git that must not be uploaded."""
    root = tmp_path / "repository"
    for name, text in {
        "README.md": README,
        "app.py": "print()\n",
        "requirements.txt": "gradio\n",
        "presets/regions [draft].yaml": "a: 1\n",
        "assets/портрет.txt": "x",
        ".gitattributes": "* text=auto\n",
        ".gitignore": "*.log\n.env\n",
        "secret/.env": "HF_TOKEN=1",
        "visits.log": "ada",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    (root / "holiday.jpg").write_bytes(b"a photo nobody added to git")
    return root


class Hub:
    """A stand-in for the Hub that records what it receives."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {}
        self.received: dict[str, str] = {}
        self.message = ""

    def create_repo(self, repo_id: str, **options: Any) -> str:
        self.space = {"repo_id": repo_id, **options}
        return f"https://example.org/{repo_id}"

    def upload_folder(self, folder_path: str, commit_message: str, **options: Any) -> None:
        folder = Path(folder_path)
        self.received = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }
        self.message = commit_message
        self.options = options


def test_only_what_git_tracks_is_uploaded(repository: Path) -> None:
    hub = Hub()
    files = deploy.deployable_files(repository)
    address = deploy.deploy("ada/presence", repository, files, cast("HfApi", hub))
    assert set(hub.received) == {
        ".gitignore",
        "README.md",
        "app.py",
        "assets/портрет.txt",
        "presets/regions [draft].yaml",
        "requirements.txt",
    }
    assert hub.received["README.md"] == README
    assert hub.space["repo_id"] == hub.options["repo_id"] == "ada/presence"
    assert hub.space["repo_type"] == hub.options["repo_type"] == "space"
    assert address == "https://example.org/ada/presence"
    head = subprocess.check_output(
        ["git", "-C", str(repository), "rev-parse", "--short", "HEAD"], text=True
    )
    assert hub.message == f"Deploy {head.strip()}"


def test_files_no_longer_tracked_are_removed_from_the_space(repository: Path) -> None:
    hub = Hub()
    deploy.deploy("ada/presence", repository, ["app.py"], cast("HfApi", hub))
    assert hub.options["delete_patterns"] == ["*"]


def test_uncommitted_changes_are_refused(repository: Path) -> None:
    (repository / "app.py").write_text("print('half done')\n")
    with pytest.raises(DeployError, match="uncommitted"):
        deploy.deployable_files(repository)


def test_a_missing_app_is_named(repository: Path) -> None:
    git(repository, "rm", "-q", "app.py")
    git(repository, "commit", "-qm", "no app")
    with pytest.raises(DeployError, match=r"needs app\.py"):
        deploy.deployable_files(repository)


@pytest.mark.parametrize(
    "readme",
    [
        "# Presence\n",
        "---\nsdk: docker\n---\n",
        "text first\n---\nsdk: gradio\n---\n",
        "---\n: [\n---\n",
    ],
    ids=["no-settings", "another-sdk", "not-at-the-top", "not-yaml"],
)
def test_a_readme_without_the_settings_of_a_space_is_refused(repository: Path, readme: str) -> None:
    (repository / "README.md").write_text(readme)
    git(repository, "commit", "-qam", "readme")
    with pytest.raises(DeployError, match="sdk: gradio"):
        deploy.deployable_files(repository)


def test_a_name_without_an_owner_is_refused_before_the_hub_is_asked(repository: Path) -> None:
    hub = Hub()
    with pytest.raises(DeployError, match="owner/name"):
        deploy.deploy("presence", repository, ["app.py"], cast("HfApi", hub))
    assert hub.space == {}


def test_an_unreachable_hub_is_reported_in_words(repository: Path) -> None:
    nobody_listens = HfApi(token="a-token", endpoint="http://127.0.0.1:9")
    with pytest.raises(DeployError, match="could not be reached"):
        deploy.deploy("ada/presence", repository, ["app.py"], nobody_listens)


def test_without_a_token_it_says_how_to_get_one(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert deploy.main(["ada/presence"], root=repository) == 1
    assert "hf auth login" in capsys.readouterr().err


def test_a_dry_run_needs_no_token_and_uploads_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "_hub_api", lambda: pytest.fail("asked for a token"))
    assert deploy.main(["ada/presence", "--dry-run"], root=repository) == 0
    assert capsys.readouterr().out.splitlines() == deploy.deployable_files(repository)


@pytest.fixture
def for_zero(repository: Path) -> Path:
    """The repository with pins and settings that ZeroGPU has otherwise."""
    (repository / "README.md").write_text(
        "---\ntitle: Presence\nemoji: 👁\nsdk: gradio\npython_version: '3.11'\n---\n"
        "\n# Presence\n---\n"
    )
    (repository / "requirements.txt").write_text("gradio\ntorch==2.13.0\ntorchvision==0.28.0\n")
    (repository / "requirements-zero.txt").write_text(
        "# why\ntorch==2.11.0\ntorchvision==0.26.0\nspaces==0.51.3\n"
    )
    git(repository, "add", "README.md", "requirements.txt", "requirements-zero.txt")
    git(repository, "commit", "-qm", "zero")
    return repository


def test_a_zero_gpu_space_gets_its_own_settings_and_pins(for_zero: Path) -> None:
    hub = Hub()
    files = deploy.deployable_files(for_zero)
    deploy.deploy("ada/presence", for_zero, files, cast("HfApi", hub), "zero")
    assert hub.space["space_hardware"].value == "zero-a10g"
    _, head, text = hub.received["README.md"].split("---\n", 2)
    settings = yaml.safe_load(head)
    assert text == "\n# Presence\n---\n"
    assert settings["title"] == "Presence"
    assert settings["emoji"] == "👁"
    assert settings["python_version"] == "3.12"
    (preloaded,) = settings["preload_from_hub"]
    repository, names, revision = preloaded.split(" ")
    (source,) = load().engines["flux2-klein"].files
    assert (repository, revision) == (source.repo, source.revision)
    assert names.split(",") == list(source.files)
    pins = hub.received["requirements.txt"].split()
    assert {"gradio", "torch==2.11.0", "torchvision==0.26.0", "spaces==0.51.3"} <= set(pins)
    assert "torch==2.13.0" not in pins


def test_a_cpu_space_gets_the_files_as_they_are(for_zero: Path, tmp_path: Path) -> None:
    folder = tmp_path / "space"
    arguments = ["ada/presence", "--hardware", "cpu", "--into", str(folder)]
    assert deploy.main(arguments, root=for_zero) == 0
    for name in deploy.deployable_files(for_zero):
        assert (folder / name).read_bytes() == (for_zero / name).read_bytes()


def test_pins_that_no_longer_fit_together_are_named() -> None:
    with pytest.raises(DeployError, match="does not pin torchvision"):
        deploy.zero_pins("torch==2.13.0\n", "torch==2.11.0\ntorchvision==0.26.0\n")


def test_a_folder_that_is_no_repository_is_reported_in_words(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="git could not answer"):
        deploy.deployable_files(tmp_path)


def test_a_missing_git_is_reported_in_words(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any, **__: Any) -> SimpleNamespace:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(DeployError, match="git is not installed"):
        deploy.deployable_files(repository)
