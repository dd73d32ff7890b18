from __future__ import annotations

import io
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np
import pytest
from PIL import Image

from pipelines.image import encoding, metadata
from pipelines.image.encoding import Encoding
from pipelines.image.metadata import Statement
from pipelines.image.rights import Rights

PIXELS = np.zeros((20, 30, 3), np.uint8)
PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Agency &amp; Co"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="SERIAL-77"
 exif:GPSLatitude="52,30N">
 <dc:rights><rdf:Alt><rdf:li xml:lang="de">Alle Rechte</rdf:li>
 <rdf:li xml:lang="x-default">All rights</rdf:li></rdf:Alt></dc:rights>
 <dc:subject><rdf:Bag><rdf:li>headshot</rdf:li><rdf:li>M\xc3\xbcnchen</rdf:li></rdf:Bag></dc:subject>
 <Iptc4xmpExt:PersonInImage xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
 <rdf:Bag><rdf:li>FACE-NAME</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage>
 </rdf:Description></rdf:RDF></x:xmpmeta>"""


def photo(kind: str = "JPEG") -> bytes:
    """A file with rights, a place, a serial number and a name of a face."""
    exif = Image.Exif()
    exif[315], exif[33432], exif[274] = "Zoë Studio".encode(), "(c) EXIF", 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-88"
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind, exif=exif, xmp=PACKET, dpi=(300, 240))
    return buffer.getvalue()


def kept(form: Any, data: bytes, **options: Any) -> bytes:
    statement = Statement("Presence", "", "", "", metadata.read(data).rights, **options)
    return encoding.encode(PIXELS, statement, Encoding(form))


def test_rights_are_read_from_all_places_xmp_first() -> None:
    found = metadata.read(photo()).rights
    assert found.of("dc:rights") == ("All rights",)
    assert found.of("dc:creator") == ("Zoë Studio",)
    assert found.of("photoshop:Credit") == ("Agency & Co",)
    assert found.of("dc:subject") == ("headshot", "München")
    assert found.resolution == (300, 240)


def test_the_fuller_of_two_texts_that_agree_is_kept() -> None:
    exif = Image.Exif()
    exif[33432] = "All rights reserved. (c) A. Studio"
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", exif=exif, xmp=PACKET)
    assert metadata.read(buffer.getvalue()).rights.of("dc:rights") == tuple(exif.values())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_rights_survive_and_places_do_not(form: Any) -> None:
    data = kept(form, photo())
    found, before = metadata.read(data).rights, metadata.read(photo()).rights
    assert found.fields == before.fields
    if form in ("PNG", "JPEG", "TIFF"):
        assert found.resolution == pytest.approx((300, 240), abs=0.1)
    for secret in (b"SERIAL", b"GPS", b"FACE-NAME", b"52,30N"):
        assert secret not in data
    with Image.open(io.BytesIO(data)) as image:
        assert 0x8825 not in image.getexif()


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_all_metadata_can_be_kept_but_the_orientation(form: Any) -> None:
    data = kept(form, photo(), others=metadata.others(photo()))
    assert b"SERIAL-77" in data
    assert b"FACE-NAME" in data
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        assert exif.get_ifd(0x8825)[1] == "N"
        assert 274 not in exif
    assert metadata.read(data).rights.of("dc:rights") == ("All rights",)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_every_file_says_its_colour_space(form: Any) -> None:
    with Image.open(io.BytesIO(kept(form, photo()))) as image:
        assert image.info.get("srgb") is not None or b"sRGB" in image.info["icc_profile"].replace(
            b"\0", b""
        )


MARKUP = """"/></rdf:li></rdf:Alt></dc:rights><evil a='1'/>]]><?xpacket end="w"?>&x;"""


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_markup_in_a_text_stays_text(form: Any) -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[315] = MARKUP
    packet = PACKET.replace(b"All rights", escape(MARKUP).encode())
    Image.fromarray(PIXELS).save(buffer, "JPEG", exif=exif, xmp=packet)
    rights = metadata.read(buffer.getvalue()).rights
    looks = Statement("Presence", "", MARKUP, "", rights)
    data = encoding.encode(PIXELS, looks, Encoding(form))
    with Image.open(io.BytesIO(data)) as image:
        written = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    names = {one.tag for one in ElementTree.fromstring(written).iter()}
    assert not [name for name in names if "evil" in name]
    assert metadata.read(data).rights.of("dc:rights") == (MARKUP,)


@pytest.mark.parametrize("length", [1, 40, 100])
def test_broken_metadata_is_no_metadata(length: int) -> None:
    data = bytearray(photo())
    start = data.index(b"Exif\0\0") + 6
    data[start : start + length] = b"\xff" * length
    assert metadata.read(bytes(data)).rights.of("dc:rights") == ("All rights",)
    assert metadata.read(b"no picture").rights == Rights()
