"""Metadata of a rendered picture: software, IPTC digital source type, look, original, rights.

It is written before the Content Credentials (`credentials`), because a later change would break
their signature. The packet is written here because Pillow only embeds one, and no library in use
writes IPTC's ``DigitalSourceType`` into all four formats.

Source: IPTC Photo Metadata Standard 2025.1 (DigitalSourceType) and its NewsCodes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image as Pillow

from pipelines.image import rights
from pipelines.image.arrays import Image8
from pipelines.image.formats import DECODER_ERRORS
from pipelines.image.rights import RDF, Rights
from pipelines.runtime.errors import PresenceError

SOFTWARE = "Presence"
NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
INVENTED = "trainedAlgorithmicMedia"
SOURCE_TYPES = {
    "algorithmicallyEnhanced": "a photo, retouched by an algorithm",
    "compositeWithTrainedAlgorithmicMedia": "a photo with parts made by a trained model",
    INVENTED: "wholly made by a trained model; nobody's photo",
}
"""The IPTC codes that Presence writes, and their meaning for people."""

_STRENGTH = (
    *("digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print"),
    *("minorHumanEdits", "humanEdits", "compositeCapture", "composite", "algorithmicallyEnhanced"),
    *("softwareImage", "screenCapture", "digitalArt", "digitalCreation", "virtualRecording"),
    *("dataDrivenMedia", "algorithmicMedia", "compositeSynthetic"),
    *("compositeWithTrainedAlgorithmicMedia", INVENTED),
)
"""IPTC codes, those that say more about machines last; one that is not here is among the first."""

Form = Literal["PNG", "JPEG", "WEBP", "TIFF", "AVIF"]
FORMS: dict[str, Form] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Extensions of the formats that can carry XMP as well as Content Credentials."""

MIME = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
}
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_OWN = "urn:presence:look:1#"
TIFF_XMP_TAG = 700
_LARGEST_PACKET = 1_000_000
_EXIF_IFD, _ORIENTATION, _MAKER_NOTE, _IIM, _ICC_PROFILE = 0x8769, 274, 37500, 33723, 34675


@dataclass(frozen=True)
class Others:
    """Metadata of a photo that is neither ours nor about rights; it may name places and devices.

    Attributes:
        exif: EXIF, without thumbnail, maker's notes and orientation.
        xmp: Properties of XMP.
    """

    exif: bytes = field(repr=False)
    xmp: str = field(repr=False)


@dataclass(frozen=True)
class Statement:
    """The metadata of a picture; "" for what is unknown.

    Attributes:
        software: Name of the software that made it.
        source_type: IPTC code, e.g. ``algorithmicallyEnhanced``.
        look: Canonical text of the look; of a sheet, those of all its looks, a space between them.
        original: `pixel_hash` of the original.
        rights: Whose it is.
        others: All else that the photo's file said, if that is to be kept.
        edit: IPTC code of what was done last, which a stronger `source_type` may hide; "" for the
            same.
    """

    software: str
    source_type: str
    look: str
    original: str
    rights: Rights = field(default_factory=Rights)
    others: Others | None = None
    edit: str = ""


def form_of(path: Path) -> Form:
    """The format to write a picture file in, by its extension.

    Raises:
        PresenceError: ``cannot-write``: not an extension of `FORMS`.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise PresenceError(
            "cannot-write", f"We can't write a picture named {path.name}. End it in .png or .jpg."
        )
    return form


def strongest(codes: Iterable[str]) -> str:
    """The IPTC code that says most about machines; "" if there is none.

    A picture that a model made stays one after a retouch.
    """
    known = [code for code in codes if code]
    return max(
        known, key=lambda code: _STRENGTH.index(code) if code in _STRENGTH else 0, default=""
    )


def pixel_hash(image_u8: Image8) -> str:
    """SHA-256 of a picture's size and sRGB pixels, in hex.

    It identifies an original without revealing it, and does not change when metadata is stripped.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
    """
    digest = hashlib.sha256(f"{image_u8.shape[1]}x{image_u8.shape[0]}:".encode())
    digest.update(np.ascontiguousarray(image_u8).data)
    return digest.hexdigest()


def read(data: bytes) -> Statement:
    """Read the metadata of a picture file; all "" if there is none or it cannot be read."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            root = _root(_xmp(image))
            found_rights = rights.read(image, root)
    except (*DECODER_ERRORS, Pillow.DecompressionBombError):
        return Statement("", "", "", "")
    found = dict.fromkeys(("CreatorTool", "DigitalSourceType", "Look", "OriginalPixels"), "")
    for node in [] if root is None else root.iter(f"{{{RDF}}}Description"):
        for space, name in (
            (_XMP, "CreatorTool"),
            (_IPTC, "DigitalSourceType"),
            (_OWN, "Look"),
            (_OWN, "OriginalPixels"),
        ):
            tag = f"{{{space}}}{name}"
            found[name] = found[name] or node.get(tag) or (node.findtext(tag) or "").strip()
    return Statement(
        software=found["CreatorTool"],
        source_type=code_of(found["DigitalSourceType"]),
        look=found["Look"],
        original=found["OriginalPixels"],
        rights=found_rights,
    )


def others(data: bytes) -> Others:
    """All metadata of a picture file but what `read` reads; nothing for what cannot be read."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            root, exif = _root(_xmp(image)), image.getexif()
            for tag in (_ORIENTATION, TIFF_XMP_TAG, _IIM, _ICC_PROFILE, *rights.EXIF_TAGS):
                exif.pop(tag, None)
            exif.get_ifd(_EXIF_IFD).pop(_MAKER_NOTE, None)
            block = exif.tobytes()
    except (*DECODER_ERRORS, Pillow.DecompressionBombError):
        return Others(b"", "")
    return Others(block, "" if root is None else "".join(_properties(root)))


def _properties(root: ElementTree.Element) -> Iterator[str]:
    """The properties of a packet that we do not write ourselves, as XML."""
    ours = {rights.tag_of(name) for name in rights.NAMES}
    ours |= {f"{{{_XMP}}}CreatorTool", f"{{{_IPTC}}}DigitalSourceType", f"{{{RDF}}}about"}
    for node in root.iterfind(f".//{{{RDF}}}RDF/{{{RDF}}}Description"):
        simple = [ElementTree.Element(tag) for tag in node.attrib]
        for one, value in zip(simple, node.attrib.values(), strict=True):
            one.text = value
        for one in (*simple, *node):
            if one.tag.startswith("{") and one.tag not in ours and _OWN not in one.tag:
                yield ElementTree.tostring(one, encoding="unicode")


def code_of(source_type: str) -> str:
    """The code of an address of IPTC's NewsCodes, such as ``digitalCapture``."""
    return source_type.rstrip("/").rpartition("/")[2]


def format_of(data: bytes) -> str:
    """Pillow's name of a picture file's format; "" if it is not a picture."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            return str(image.format)
    except (*DECODER_ERRORS, Pillow.DecompressionBombError):
        return ""


def packet(statement: Statement) -> bytes:
    """XMP packet (ISO 16684-1) of the fields that are not empty."""
    pairs = {
        "xmp:CreatorTool": statement.software,
        "Iptc4xmpExt:DigitalSourceType": statement.source_type
        and NEWSCODES + statement.source_type,
        "presence:Look": statement.look,
        "presence:OriginalPixels": statement.original,
    }
    spaces = {"xmp": _XMP, "Iptc4xmpExt": _IPTC, "presence": _OWN, **rights.SPACES}
    names = "".join(f" xmlns:{short}={quoteattr(space)}" for short, space in spaces.items())
    body = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in pairs.items() if value)
    body += statement.rights.xmp() + (statement.others.xmp if statement.others else "")
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about=""{names}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="r"?>'
    ).encode()


def _xmp(image: Pillow.Image) -> bytes:
    """The XMP packet of a picture; empty if there is none."""
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if not found and image.format == "TIFF":
        found = getattr(image, "tag_v2", {}).get(TIFF_XMP_TAG, b"")
    return found.encode() if isinstance(found, str) else bytes(found)


def _root(packet: bytes) -> ElementTree.Element | None:
    # Skip packets with declarations: entities could expand a small packet to a huge one.
    if not packet or len(packet) > _LARGEST_PACKET or b"<!" in packet.replace(b"<!--", b""):
        return None
    try:
        return ElementTree.fromstring(packet.rstrip(b"\0"))
    except (ElementTree.ParseError, ValueError):
        return None
