"""A server's folder goes with it: in order, or when the next one starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.serving import ROOT
from ui.server.folder import PREFIX, own_folder, sweep

HOLD = """
import sys
from pathlib import Path
from ui.server.folder import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "somebody.png").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_goes_when_its_server_ends(tmp_path: Path) -> None:
    with own_folder(tmp_path) as folder:
        (folder / "a" / "b").mkdir(parents=True)
        assert folder.parent == tmp_path
        assert folder.name.startswith(PREFIX)
    assert list(tmp_path.iterdir()) == []


def test_the_next_server_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}just-being-made").mkdir()
    (tmp_path / "somebody-elses").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "somebody-elses")
    with own_folder(tmp_path) as mine:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout
            theirs = Path(other.stdout.readline().strip())
            assert sweep(tmp_path) == 0
            assert (theirs / "somebody.png").exists()
            other.kill()
        assert theirs.exists()
        assert sweep(tmp_path) == 1
        assert not theirs.exists()
        assert mine.exists()
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {f"{PREFIX}just-being-made", f"{PREFIX}link", "somebody-elses"}
