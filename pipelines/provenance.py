"""What a delivered picture says about itself: how it was made, with what, and from which look.

Two layers. XMP metadata with IPTC's ``DigitalSourceType`` goes into every picture. Where a
certificate is configured, a signed Content Credentials manifest (C2PA) goes around it, last, since
any later change would break the signature.

Sources: IPTC Photo Metadata Standard 2025.1 (DigitalSourceType) and its NewsCodes; C2PA Technical
Specification 2.x (actions, ingredients).
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image as Pillow

from pipelines.arrays import Image8
from pipelines.errors import PresenceError
from pipelines.gaze import Gaze
from pipelines.look import Look
from presets.schema import load

if TYPE_CHECKING:
    from c2pa import Context

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

_MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "TIFF": "image/tiff"}
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_OWN = "urn:presence:look:1#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF_XMP_TAG = 700
_LARGEST_PACKET = 1_000_000


class ProvenanceError(PresenceError):
    """The configured certificate or key cannot sign."""


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


@dataclass(frozen=True)
class Credentials:
    """What a picture's Content Credentials say.

    Attributes:
        state: ``Valid``, ``Trusted`` (valid, and its signer is on a trust list) or ``Invalid``.
        signer: Name in the certificate.
        actions: What was done, one sentence each.
        problems: Codes of what did not hold.
    """

    state: str
    signer: str
    actions: tuple[str, ...]
    problems: tuple[str, ...]


def marked(
    image_u8: Image8,
    look: Look | None,
    *,
    original: str = "",
    form: Form = "PNG",
    quality: int = 95,
    source: str | None = None,
) -> bytes:
    """Encode a picture for delivery: metadata first, signature last.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        look: What it was made with; None for the original or for a sheet of several looks.
        original: `pixel_hash` of the picture that it was made from.
        form: File format.
        quality: Of the formats that lose detail, 1..100.
        source: IPTC code of a picture that not one look of a photo made, such as an invented
            persona or a sheet of several looks; what the look says if None.

    Returns:
        The file's bytes; the same arguments give the same bytes as long as no certificate is set
        (a signature carries its time).

    Raises:
        ProvenanceError: ``c2pa-certificate``: a certificate is configured and cannot sign.
    """
    kind = source_type(look) if source is None else source
    statement = Statement(SOFTWARE, kind, str(look) if look else "", original)
    data = _encoded(image_u8, _packet(statement), form, quality)
    signer = _signing()
    # Of an original or a sheet there is nothing to state.
    if signer is None or (look is None and not kind):
        return data
    return _signed(data, statement, form, signer)


def source_type(look: Look | None) -> str:
    """The IPTC code for what a look does to a photo; "" where it changes nothing.

    Any retouch by arithmetic is ``algorithmicallyEnhanced``; eyes or skin drawn by a trained model
    make the picture ``compositeWithTrainedAlgorithmicMedia``.
    """
    if look is None:
        return ""
    presets = load()
    context, region = presets.contexts[look.context], presets.regions[look.region]
    if context.untouched:
        return ""
    turns = isinstance(look.gaze, Gaze) or (bool(look.gaze) and region.gaze is not None)
    turns = turns or bool(look.trim)
    if (turns and presets.engines[look.engine].weights != "none") or look.generative:
        return "compositeWithTrainedAlgorithmicMedia"
    doses = [*context.doses.model_dump().values()] if look.polish else []
    retouches = any(doses) or any(dose for _, dose in look.doses)
    return "algorithmicallyEnhanced" if turns or retouches else ""


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


def source_type_of(looks: Iterable[Look | None]) -> str:
    """The IPTC code for a sheet of several looks: that of the one that was changed most."""
    kinds = {source_type(look) for look in looks}
    return next((kind for kind in reversed(SOURCE_TYPES) if kind in kinds), "")


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


def read_credentials(data: bytes) -> Credentials | None:
    """What the Content Credentials of a picture say, checked by c2pa; None where there are none.

    Raises:
        PresenceError: ``bad-credentials``: there are some, and they cannot be read.
    """
    import c2pa

    mime = _MIME.get(_form(data))
    if mime is None:
        return None
    try:
        reader = c2pa.Reader.try_create(mime, io.BytesIO(data))
        if reader is None:
            return None
        with reader:
            manifest = reader.get_active_manifest() or {}
            results = reader.get_validation_results() or {}
            state = reader.get_validation_state() or "Invalid"
    except c2pa.C2paError as error:
        raise PresenceError(
            "bad-credentials", "The Content Credentials of this picture can't be read."
        ) from error
    failures = results.get("activeManifest", {}).get("failure", [])
    signature = manifest.get("signature_info", {})
    return Credentials(
        state=state,
        signer=signature.get("common_name") or signature.get("issuer") or "",
        actions=tuple(_actions(manifest)),
        problems=tuple(failure["code"] for failure in failures),
    )


def check() -> None:
    """Make sure that what is configured can sign; nothing configured is fine.

    Raises:
        ProvenanceError: ``c2pa-certificate``.
    """
    if _signing() is not None:
        marked(np.zeros((32, 32, 3), np.uint8), Look())


def _encoded(image_u8: Image8, packet: bytes, form: Form, quality: int) -> bytes:
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


def _form(data: bytes) -> str:
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


@dataclass(frozen=True)
class _Pair:
    """Certificate chain and key, PEM."""

    certificate: bytes
    key: bytes


def _signing() -> _Pair | None:
    paths = [os.environ.get(f"PRESENCE_C2PA_{name}", "") for name in ("CERT", "KEY")]
    if not any(paths):
        return None
    if not all(paths):
        raise ProvenanceError(
            "c2pa-certificate",
            "Signing needs both PRESENCE_C2PA_CERT and PRESENCE_C2PA_KEY. Set both or neither.",
        )
    try:
        certificate, key = (Path(path).read_bytes() for path in paths)
    except OSError as error:
        raise ProvenanceError(
            "c2pa-certificate",
            "The file of PRESENCE_C2PA_CERT or PRESENCE_C2PA_KEY can't be read.",
        ) from error
    return _Pair(certificate, key)


def _signed(data: bytes, statement: Statement, form: Form, pair: _Pair) -> bytes:
    import json

    import c2pa

    result = io.BytesIO()
    try:
        info = c2pa.C2paSignerInfo(
            alg=_algorithm(pair.certificate),
            sign_cert=pair.certificate,
            private_key=pair.key,
            ta_url=None,
        )
        manifest = json.dumps(_manifest(statement, form))
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder.from_json(manifest, _context()) as builder,
        ):
            builder.sign(signer, _MIME[form], io.BytesIO(data), result)
    except (c2pa.C2paError, ValueError) as error:
        raise _cannot_sign() from error
    credentials = read_credentials(result.getvalue())
    if credentials is None or credentials.state not in ("Valid", "Trusted"):
        raise _cannot_sign()
    return result.getvalue()


def _cannot_sign() -> ProvenanceError:
    return ProvenanceError(
        "c2pa-certificate",
        "This picture can't be signed: the certificate of PRESENCE_C2PA_CERT does not fit its key, "
        "has run out, or is not one for Content Credentials.",
    )


@lru_cache(maxsize=1)
def _context() -> Context:
    import c2pa

    # A thumbnail would be a second, unasked copy of a face.
    return c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})


def _algorithm(certificate: bytes) -> bytes:
    """C2PA's name for the signature that this certificate's key makes."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = x509.load_pem_x509_certificates(certificate)[0].public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {256: b"es256", 384: b"es384"}.get(key.curve.key_size, b"es512")
    if isinstance(key, ed25519.Ed25519PublicKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPublicKey):
        return b"ps256"
    raise ValueError("not a key that C2PA knows")


def _manifest(statement: Statement, form: Form) -> dict[str, Any]:
    """What C2PA is told: where the picture came from, what was done, the look."""
    invented = statement.source_type == INVENTED
    ingredients = [] if invented else [_original(statement)]
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": _done(statement, invented)}}]
    if statement.look:
        assertions.append({"label": "presence.look", "data": {"look": statement.look}})
    return {
        "claim_generator_info": [{"name": SOFTWARE}],
        "format": _MIME[form],
        "ingredients": ingredients,
        "assertions": assertions,
    }


def _done(statement: Statement, invented: bool) -> list[dict[str, Any]]:
    words = SOURCE_TYPES.get(statement.source_type, "nothing was changed")
    action: dict[str, Any] = {
        "action": "c2pa.edited" if statement.source_type else "c2pa.converted",
        "description": f"{words}; look {statement.look}" if statement.look else words,
        "softwareAgent": {"name": SOFTWARE},
    }
    if statement.source_type:
        action["digitalSourceType"] = NEWSCODES + statement.source_type
    if invented:
        return [action | {"action": "c2pa.created"}]
    return [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}}, action]


def _original(statement: Statement) -> dict[str, Any]:
    """The original as an ingredient: its hash, and nothing else of it."""
    ingredient = {
        "title": "Original portrait, named by the SHA-256 of its pixels",
        "format": "application/octet-stream",
        "relationship": "parentOf",
        "label": "original",
    }
    if statement.original:
        ingredient["instance_id"] = f"urn:presence:pixels:sha256:{statement.original}"
        ingredient["description"] = f"sha256 {statement.original}"
    return ingredient


def _actions(manifest: dict[str, Any]) -> list[str]:
    return [
        ": ".join(filter(None, (action.get("action", ""), action.get("description", ""))))
        for assertion in manifest.get("assertions", [])
        if assertion.get("label", "").startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", [])
    ]
