"""Refresh the translations from the English texts: ``python -m scripts.catalogue``.

Each language has three PO files: of the page, of the presets, and of shared pages. Translations are
kept; where the English changed, they are marked fuzzy and shown in English until a translator has
looked at them. ``python -m scripts.catalogue fr`` begins a language.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from presets import translations
from sharing import translations as shared_pages
from ui.text import catalogue


def main(arguments: list[str] | None = None) -> None:
    """Refresh or begin the files, and say what is missing in each."""
    parser = argparse.ArgumentParser(prog="python -m scripts.catalogue", description=__doc__)
    parser.add_argument("languages", nargs="*", help="such as fr; all that there are if left out")
    names = parser.parse_args(arguments).languages
    for folder, sources in (
        (catalogue.FOLDER / "locale", list(catalogue.sources())),
        (translations.FOLDER, list(translations.sources())),
        (shared_pages.FOLDER, list(shared_pages.sources())),
    ):
        for name in names or sorted(path.stem for path in folder.glob("*.po")):
            path = folder / f"{name}.po"
            fuzzy, missing = refresh(path, sources)
            print(f"{os.path.relpath(path)}: {fuzzy} fuzzy, {missing} missing")


def refresh(path: Path, sources: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Bring a PO file up to date, or make it.

    Args:
        path: The file; its stem is the language.
        sources: Context and English of every text.

    Returns:
        How many texts are fuzzy, and how many have no translation.
    """
    template = Catalog()
    for context, english in sources:
        template.add(english, context=context)
    catalog = _read(path)
    catalog.update(template, update_creation_date=False)
    texts = [one for one in catalog if one.id]
    for one in texts:
        # "100 % or" is no placeholder.
        one.flags.discard("python-format")
        # Babel takes the English before, as it or a translator's tool wrote it, for a comment.
        one.user_comments = [line for line in one.user_comments if not line.startswith("|")]
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, include_previous=True)
    return sum(one.fuzzy for one in texts), sum(not one.string for one in texts)


def _read(path: Path) -> Catalog:
    if path.is_file():
        with path.open("rb") as file:
            return read_po(file, locale=path.stem)
    language = Locale.parse(path.stem).english_name or path.stem
    return Catalog(
        path.stem,
        header_comment=f"# {language} of Presence. See CONTRIBUTING.md.",
        project="Presence",
        version="1",
        revision_date=datetime.now(UTC),
        msgid_bugs_address="the issues of the repository",
        last_translator="Presence",
        language_team=language,
        fuzzy=False,
    )


if __name__ == "__main__":
    main()
