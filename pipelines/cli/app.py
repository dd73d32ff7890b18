"""All commands, and what a refusal looks like: one line on stderr and exit code 2."""

from __future__ import annotations

import sys

import typer

from pipelines.cli import (
    audit,
    batch,
    compare,
    fetch,
    grid,
    inspect,
    measure,
    persona,
    render,
    settings,
)
from pipelines.runtime.errors import PresenceError

REFUSED = 2

app = typer.Typer(
    help="Presence on the command line.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (render, compare, batch, grid, measure, audit, inspect, persona, fetch, settings):
    app.command(module.__name__.rpartition(".")[2])(module.run)


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As in a terminal; those of this process if None.

    Returns:
        The exit code: 0, or 2 after a refusal, which is one line on stderr:
        ``refused: <code>: <sentence>``. Wrong usage is 2, too; a stopped audit 130.
    """
    try:
        app(arguments, prog_name="python -m pipelines")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except PresenceError as error:
        print(f"refused: {error}", file=sys.stderr)
    except OSError as error:
        print(f"refused: cannot-write: {error.strerror or 'cannot write here'}.", file=sys.stderr)
    return REFUSED
