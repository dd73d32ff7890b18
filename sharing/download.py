"""Bundle a comparison as a ZIP file: pictures, measurements, a report to print, the looks."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable

from sharing.publication import ComparisonDocument, PublishedPicture
from sharing.report_table import comparison_csv, table
from sharing.templates import render, stylesheet

README = """Presence: a comparison of portraits.

report.html       the comparison on one page; open it in a browser, print it on A4
comparison.json   all measurements
comparison.csv    the same for a spreadsheet, one line a picture
looks/            the settings of each picture, for python -m pipelines render --look "..."

Each picture says in its metadata how it was made (IPTC digital source type) and from which look.
"""


def bundle(title: str, document: ComparisonDocument, file: Callable[[str], bytes]) -> bytes:
    """Build the ZIP file.

    Args:
        title: Title of the comparison, may be "".
        document: The comparison.
        file: Returns the bytes of one of its files by name.
    """
    names = [_file_name(picture) for picture in document.pictures]
    report = {"title": title, **document.report}
    report["pictures"] = [
        {"file": name, "letter": picture.letter, "title": picture.title, "look": picture.look}
        for name, picture in zip(names, document.pictures, strict=True)
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, picture in zip(names, document.pictures, strict=True):
            # Pictures are compressed already.
            archive.writestr(name, file(picture.files["full"]), zipfile.ZIP_STORED)
            if "framed" in picture.files:
                framed = file(picture.files["framed"])
                archive.writestr(f"{_stem(picture)}-framed.jpg", framed, zipfile.ZIP_STORED)
            if picture.look:
                archive.writestr(f"looks/{_stem(picture)}.txt", picture.look + "\n")
        archive.writestr("comparison.json", json.dumps(report, indent=2) + "\n")
        archive.writestr("comparison.csv", comparison_csv(document, names))
        archive.writestr("report.html", report_page(title, document, file))
        archive.writestr("README.txt", README)
    return buffer.getvalue()


def report_page(title: str, document: ComparisonDocument, file: Callable[[str], bytes]) -> str:
    """Render the report as a single HTML file with embedded pictures and styles."""
    return render(
        "report.html",
        document.language,
        title=title,
        pictures=document.pictures,
        sources={one.key: _data_url(file(one.files["close"])) for one in document.pictures},
        rows=table(document),
        style=stylesheet(),
    )


def _file_name(picture: PublishedPicture) -> str:
    return f"{_stem(picture)}.{picture.files['full'].rpartition('.')[2]}"


def _stem(picture: PublishedPicture) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", picture.title.lower()).strip("-")[:60]
    return "-".join(part for part in (picture.letter, words) if part)


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
