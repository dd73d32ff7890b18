"""``python -m pipelines fetch ENGINE``: download an engine's weights, once."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.output import printable


def run(
    engine: Annotated[
        str, typer.Argument(metavar="ENGINE", help="a name from presets/engines.yaml")
    ],
) -> None:
    """Download an engine's weights, once."""
    from pipelines.engines import fetching
    from pipelines.runtime.errors import LookError
    from presets.schema import load

    engines = load().engines
    if engine not in engines:
        raise LookError(
            "unknown-engine",
            f"There is no engine '{printable(engine)}'. Choose one of {', '.join(engines)}.",
        )
    fetching.fetch(engines[engine], lambda line: print(line, flush=True))
