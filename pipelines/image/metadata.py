"""XMP metadata of a delivered picture: the software, IPTC's digital source type, the look.

It is written before Content Credentials (`credentials`), whose signature any later change breaks.
Our own code, because Pillow embeds a packet but does not write one, and no library of the project
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
"""The IPTC codes that we write, and what they say."""

Form = Literal["PNG", "JPEG", "WEBP", "TIFF"]
FORMS: dict[str, Form] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Endings of the picture files that can carry both layers."""

MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "TIFF": "image/tiff"}
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_OWN = "urn:presence:look:1#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF_XMP_TAG = 700
_LARGEST_PACKET = 1_000_000


@dataclass(frozen=True)
class Statement:
    """What a picture's metadata says.

    Attributes:
        software: What made it, or "".
        source_type: IPTC code, such as ``algorithmicallyEnhanced``, or "".
        look: The look's canonical text, or "".
        original: SHA-256 of the original's pixels, see `pixel_hash`, or "".
    """

    software: str
    source_type: str
    look: str
    original: str


def form_of(path: Path) -> Form:
    """The format of a picture file that is to be written, by its ending.

    Raises:
        PresenceError: ``cannot-write``: the format cannot carry both layers.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise PresenceError(
            "cannot-write", f"We can't write a picture named {path.name}. End it in .png or .jpg."
        )
    return form


def pixel_hash(image_u8: Image8) -> str:
    """SHA-256 of a picture's size and sRGB pixels, in hex.

    It names an original without giving it away, and stays the same when metadata is stripped.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
    """
    digest = hashlib.sha256(f"{image_u8.shape[1]}x{image_u8.shape[0]}:".encode())
    digest.update(np.ascontiguousarray(image_u8).data)
    return digest.hexdigest()


def read(data: bytes) -> Statement:
    """What the XMP metadata of a picture says; empty where there is none or it cannot be read."""
    found = dict.fromkeys(("CreatorTool", "DigitalSourceType", "Look", "OriginalPixels"), "")
    packet = _xmp(data)
    # Entities could make a small packet huge; metadata has no use for them.
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
        statement: What the metadata says.
        form: File format.
        quality: Of JPEG and WebP, 1..100.
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


def _packet(statement: Statement) -> bytes:
    """An XMP packet (ISO 16684-1) that holds what is known."""
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


def format_of(data: bytes) -> str:
    """Pillow's name of a picture's format; "" where it is none."""
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            return str(image.format)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return ""


def _xmp(data: bytes) -> bytes:
    try:
        with Pillow.open(io.BytesIO(data)) as image:
            found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
            if not found and image.format == "TIFF":
                found = getattr(image, "tag_v2", {}).get(_TIFF_XMP_TAG, b"")
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        return b""
    return found.encode() if isinstance(found, str) else bytes(found)
