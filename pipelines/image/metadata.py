"""XMP metadata of a rendered picture: software, IPTC digital source type, look, original's hash.

It is written before the Content Credentials (`credentials`), because a later change would break
their signature. The packet is written here because Pillow only embeds one, and no library in use
writes IPTC's ``DigitalSourceType`` into all four formats.

Source: IPTC Photo Metadata Standard 2025.1 (DigitalSourceType) and its NewsCodes.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image as Pillow

from pipelines.image.arrays import Image8
from pipelines.runtime.errors import PresenceError

SOFTWARE = "Presence"
NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
INVENTED = "trainedAlgorithmicMedia"
SOURCE_TYPES = {
    "algorithmicallyEnhanced": "a photo, retouched by an algorithm",
    "compositeWithTrainedAlgorithmicMedia": "a photo with eyes or skin made by a trained model",
    INVENTED: "wholly made by a trained model; nobody's photo",
}
"""The IPTC codes that Presence writes, and their meaning for people."""

Form = Literal["PNG", "JPEG", "WEBP", "TIFF"]
FORMS: dict[str, Form] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Extensions of the formats that can carry XMP as well as Content Credentials."""

MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "TIFF": "image/tiff"}
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_OWN = "urn:presence:look:1#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF_XMP_TAG = 700
_LARGEST_PACKET = 1_000_000


@dataclass(frozen=True)
class Statement:
    """The metadata of a picture; "" for what is unknown.

    Attributes:
        software: Name of the software that made it.
        source_type: IPTC code, e.g. ``algorithmicallyEnhanced``.
        look: Canonical text of the look.
        original: `pixel_hash` of the original.
    """

    software: str
    source_type: str
    look: str
    original: str


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
    """Read the XMP metadata of a picture file; all "" if there is none or it cannot be read."""
    found = dict.fromkeys(("CreatorTool", "DigitalSourceType", "Look", "OriginalPixels"), "")
    packet = _xmp(data)
    # Skip packets with declarations: entities could expand a small packet to a huge one.
    if packet and len(packet) <= _LARGEST_PACKET and b"<!" not in packet.replace(b"<!--", b""):
        try:
            root = ElementTree.fromstring(packet)
        except ElementTree.ParseError:
            root = ElementTree.Element("nothing")
        for node in root.iter(f"{{{_RDF}}}Description"):
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
        source_type=found["DigitalSourceType"].removeprefix(NEWSCODES),
        look=found["Look"],
        original=found["OriginalPixels"],
    )


def encode(image_u8: Image8, statement: Statement, form: Form, quality: int = 95) -> bytes:
    """Encode a picture with its metadata.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        statement: The metadata.
        form: File format.
        quality: Quality of JPEG and WebP, 1..100.
    """
    packet = _packet(statement)
    image, buffer = Pillow.fromarray(image_u8), io.BytesIO()
    if form == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode())
        image.save(buffer, form, pnginfo=info, compress_level=1)
    elif form == "TIFF":
        image.save(buffer, form, tiffinfo={_TIFF_XMP_TAG: packet}, compression="tiff_deflate")
    elif form == "JPEG":
        image.save(buffer, form, xmp=packet, quality=quality, subsampling=0)
    else:
        image.save(buffer, form, xmp=packet, quality=quality, method=4)
    return buffer.getvalue()


def format_of(data: bytes) -> str:
    """Pillow's name of a picture file's format; "" if it is not a picture."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            return str(image.format)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return ""


def _packet(statement: Statement) -> bytes:
    """XMP packet (ISO 16684-1) of the fields that are not empty."""
    pairs = {
        "xmp:CreatorTool": statement.software,
        "Iptc4xmpExt:DigitalSourceType": statement.source_type
        and NEWSCODES + statement.source_type,
        "presence:Look": statement.look,
        "presence:OriginalPixels": statement.original,
    }
    spaces = {"xmp": _XMP, "Iptc4xmpExt": _IPTC, "presence": _OWN}
    names = "".join(f" xmlns:{short}={quoteattr(space)}" for short, space in spaces.items())
    body = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in pairs.items() if value)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f'<rdf:Description rdf:about=""{names}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="r"?>'
    ).encode()


def _xmp(data: bytes) -> bytes:
    """The XMP packet of a picture file; empty if there is none."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
            if not found and image.format == "TIFF":
                found = getattr(image, "tag_v2", {}).get(_TIFF_XMP_TAG, b"")
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return b""
    return found.encode() if isinstance(found, str) else bytes(found)
