"""The whole corpus as a table: ``python -m tests.hostile [family ...] [--out table.md]``.

Every case with what is expected, what came, the seconds it took and the memory over idle that it
needed at its worst. Families are the modules of this folder that have a `trials`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.hostile import table


def main() -> int:
    """Try them all; 0 if every case came out as expected, soon and in little memory."""
    families = table.families()
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("family", nargs="*", help=f"of {', '.join(families)}; all of them")
    parser.add_argument("--out", type=Path, help="write the table here, too, as Markdown")
    options = parser.parse_args()
    unknown = set(options.family) - set(families)
    if unknown:
        parser.error(f"there is no family {', '.join(sorted(unknown))}")
    rows = []
    for name in options.family or families:
        for row in table.tried(name, families[name]):
            print(row.line(), flush=True)
            rows.append(row)
    print(f"\n{table.totals(rows)}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(table.markdown(rows), encoding="utf-8")
    return 0 if all(row.fine for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
