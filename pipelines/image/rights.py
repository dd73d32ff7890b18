"""What a picture file says about whose it is: read from XMP, EXIF, IPTC and PNG texts.

Copyright, creator, credit, source, title, headline, caption, keywords, terms of use, their address,
the word on data mining, and the resolution are kept. Places, serial numbers, names of faces, times,
thumbnails and makers' notes are not read at all.

Sources: IPTC Photo Metadata Standard 2025.1; IPTC-IIM 4.2; Metadata Working Group 2010, Guidelines
for Handling Image Metadata 2.0, 5 (which field of EXIF and IIM is which of XMP; XMP goes first).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from PIL import Image as Pillow
from PIL import IptcImagePlugin
from PIL.ImageFile import ImageFile

from pipelines.image.formats import DECODER_ERRORS

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
"""Namespaces of XMP by their usual prefix."""

_LONGEST, _MOST = 2000, 100
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class _Field:
    """A field: its XMP property and kind, its EXIF tag, IPTC-IIM dataset of record 2, PNG text."""

    name: str
    kind: Literal["text", "alt", "seq", "bag"]
    exif: int | None = None
    iim: int | None = None
    png: str = ""


_FIELDS = (
    _Field("dc:rights", "alt", 33432, 116, "Copyright"),
    _Field("dc:creator", "seq", 315, 80, "Author"),
    _Field("photoshop:Credit", "text", iim=110),
    _Field("photoshop:Source", "text", iim=115),
    _Field("dc:title", "alt", iim=5, png="Title"),
    _Field("photoshop:Headline", "text", iim=105),
    _Field("dc:description", "alt", 270, 120, "Description"),
    _Field("dc:subject", "bag", iim=25),
    _Field("xmpRights:UsageTerms", "alt"),
    _Field("xmpRights:WebStatement", "text"),
    _Field("xmpRights:Owner", "bag"),
    _Field("xmpRights:Marked", "text"),
    _Field("plus:DataMining", "text"),
)
NAMES = tuple(field.name for field in _FIELDS)
"""The XMP properties."""
EXIF_TAGS = tuple(field.exif for field in _FIELDS if field.exif is not None)


@dataclass(frozen=True)
class Rights:
    """What a file says about whose it is.

    Attributes:
        fields: XMP property, such as ``dc:rights``, and its values; properties without one are left
            out.
        resolution: Pixels per inch, (x, y); None if the file does not say.
    """

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    resolution: tuple[float, float] | None = None

    def of(self, name: str) -> tuple[str, ...]:
        """Values of an XMP property."""
        return dict(self.fields).get(name, ())

    def exif(self) -> dict[int, str]:
        """Texts by EXIF tag: copyright, creator and caption."""
        return {
            field.exif: "; ".join(self.of(field.name))
            for field in _FIELDS
            if field.exif is not None and self.of(field.name)
        }

    def xmp(self) -> str:
        """The fields as XMP properties."""
        kinds = {field.name: field.kind for field in _FIELDS}
        return "".join(_property(name, kinds[name], values) for name, values in self.fields)


def read(image: Pillow.Image, xmp: Element | None) -> Rights:
    """What an opened picture says.

    Args:
        image: Opened by Pillow.
        xmp: Root of its XMP packet.
    """
    descriptions = [] if xmp is None else list(xmp.iter(f"{{{RDF}}}Description"))
    exif, iim = _quietly(lambda: dict(image.getexif()), {}), _quietly(lambda: _iim(image), {})
    fields = []
    for field in _FIELDS:
        places = (
            _of_xmp(descriptions, field.name),
            _cleaned([iim.get((2, field.iim))] if field.iim else []),
            _cleaned([exif.get(field.exif)] if field.exif else []),
            _cleaned([image.info.get(field.png)] if field.png else []),
        )
        if found := _fullest([texts for texts in places if texts]):
            fields.append((field.name, found))
    return Rights(tuple(fields), _resolution(image))


def _fullest(places: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The texts of the first place, or those of a later one that say the same and more."""
    if not places:
        return ()
    same = [texts for texts in places if places[0][0] in texts[0]]
    return max(same, key=lambda texts: (len(texts), len(texts[0])))


def tag_of(name: str) -> str:
    """The tag of an XMP property, as `xml.etree` has it."""
    prefix, _, local = name.partition(":")
    return f"{{{SPACES[prefix]}}}{local}"


def _of_xmp(descriptions: Iterable[Element], name: str) -> tuple[str, ...]:
    tag = tag_of(name)
    for description in descriptions:
        if description.get(tag):
            return _cleaned([description.get(tag)])
        node = description.find(tag)
        if node is None:
            continue
        items = list(node.iter(f"{{{RDF}}}li"))
        if any(item.get(_XML_LANG) for item in items):
            # Of several languages, the default one.
            items = [one for one in items if one.get(_XML_LANG) == "x-default"] or items[:1]
        return _cleaned([item.text for item in items] or [node.text])
    return ()


def _cleaned(values: Iterable[Any]) -> tuple[str, ...]:
    """Texts of what a file holds: strings, bytes, or lists of them; printable and not endless."""
    texts: list[str] = []
    for value in values:
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, bytes):
                text = _decoded(one)
            elif isinstance(one, str):
                # Pillow decodes EXIF as Latin-1, and many programs write UTF-8 there.
                text = _decoded(one.encode("latin-1")) if _is_latin(one) else one
            else:
                continue
            text = "".join(
                letter if letter.isprintable() or letter == "\n" else " "
                for letter in text.replace("\r\n", "\n")
            ).strip()
            texts += [text[:_LONGEST]] if text else []
    return tuple(texts[:_MOST])


def _is_latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _iim(image: Pillow.Image) -> dict[Any, Any]:
    assert isinstance(image, ImageFile)
    return dict(IptcImagePlugin.getiptcinfo(image) or {})


def _resolution(image: Pillow.Image) -> tuple[float, float] | None:
    found = image.info.get("dpi")
    if image.format in ("JPEG", "MPO") and image.info.get("jfif_unit") not in (1, 2):
        # Pillow says 72 where EXIF does not say.
        found = found if _quietly(lambda: dict(image.getexif()), {}).get(282) else None
    try:
        x, y = (float(value) for value in found or ())
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 2 < x < 10_000 and 2 < y < 10_000 else None


def _quietly(read: Callable[[], dict[Any, Any]], otherwise: dict[Any, Any]) -> dict[Any, Any]:
    try:
        return read()
    except DECODER_ERRORS:
        return otherwise


def _property(name: str, kind: str, values: tuple[str, ...]) -> str:
    if kind == "text":
        return f"<{name}>{escape(values[0])}</{name}>"
    container = {"alt": "rdf:Alt", "seq": "rdf:Seq", "bag": "rdf:Bag"}[kind]
    lang = ' xml:lang="x-default"' if kind == "alt" else ""
    shown = values[:1] if kind == "alt" else values
    items = "".join(f"<rdf:li{lang}>{escape(value)}</rdf:li>" for value in shown)
    return f"<{name}><{container}>{items}</{container}></{name}>"
