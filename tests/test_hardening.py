"""What no source file may do: load pickles, or YAML by a loader that makes objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("pipelines", "presets", "sharing", "ui", "training", "benchmarks", "scripts")
FILES = [ROOT / "app.py", *(file for one in FOLDERS for file in (ROOT / one).rglob("*.py"))]
PICKLES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


def wrong(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if one.name.split(".")[0] in PICKLES)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in PICKLES:
                yield module
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="load")):
                yield from _loads(owner, node)
            case ast.Call(func=ast.Name(id="eval" | "exec")):
                yield "eval"
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                yield "shell=True"


def _loads(owner: str, call: ast.Call) -> Iterator[str]:
    given = {one.arg: one.value for one in call.keywords}
    if owner == "torch":
        safe = given.get("weights_only")
        if not (isinstance(safe, ast.Constant) and safe.value is True):
            yield "torch.load"
    if owner == "np" and "allow_pickle" in given:
        may = given["allow_pickle"]
        if not (isinstance(may, ast.Constant) and may.value is False):
            yield "np.load with pickles"
    if owner == "yaml":
        loader = call.args[1] if len(call.args) > 1 else given.get("Loader")
        name = getattr(loader, "id", getattr(loader, "attr", ""))
        # Ours is a subclass of the safe one.
        if name not in {"SafeLoader", "CSafeLoader", "_UniqueKeyLoader"}:
            yield "yaml.load"


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 100
    assert list(wrong(ast.parse("import pickle"))) == ["pickle"]
    assert list(wrong(ast.parse("torch.load(f)"))) == ["torch.load"]
    assert list(wrong(ast.parse("yaml.load(f, yaml.Loader)"))) == ["yaml.load"]


def test_no_file_loads_code_with_data() -> None:
    found = {
        str(file.relative_to(ROOT)): list(wrong(ast.parse(file.read_text(encoding="utf-8"))))
        for file in FILES
    }
    assert {file: what for file, what in found.items() if what} == {}
