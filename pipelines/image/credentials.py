"""Content Credentials (C2PA): sign pictures, and read and validate those of a picture.

Signing is off until ``PRESENCE_C2PA_CERT`` and ``PRESENCE_C2PA_KEY`` name a certificate and its
key.

Source: C2PA Technical Specification 2.x (actions, ingredients).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pipelines.image.encoding import Encoding, encode
from pipelines.image.metadata import (
    INVENTED,
    MIME,
    NEWSCODES,
    SOFTWARE,
    SOURCE_TYPES,
    Form,
    Statement,
    code_of,
    format_of,
)
from pipelines.runtime.errors import PresenceError, ProvenanceError
from pipelines.runtime.settings import SigningSettings


@dataclass(frozen=True)
class Credentials:
    """The Content Credentials of a picture.

    Attributes:
        state: ``Valid``, ``Trusted`` (valid, and the signer is on a trust list) or ``Invalid``.
        signer: Name in the certificate.
        actions: What was done to the picture, one sentence each.
        problems: Codes of failed validations.
        source_types: IPTC codes in the actions of the picture and of those it was made from.
    """

    state: str
    signer: str
    actions: tuple[str, ...]
    problems: tuple[str, ...]
    source_types: tuple[str, ...] = ()


def read(data: bytes) -> Credentials | None:
    """Read and validate the Content Credentials of a picture file; None if it has none.

    Raises:
        PresenceError: ``bad-credentials``: they cannot be read.
    """
    import c2pa

    mime = MIME.get(format_of(data))
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
            store = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise PresenceError(
            "bad-credentials", "The Content Credentials of this picture can't be read."
        ) from error
    failures = results.get("activeManifest", {}).get("failure", [])
    signature = manifest.get("signature_info", {})
    return Credentials(
        state=state,
        signer=signature.get("common_name") or signature.get("issuer") or "",
        actions=tuple(_action_sentences(manifest)),
        problems=tuple(failure["code"] for failure in failures),
        source_types=tuple(_source_types(store, store.get("active_manifest", ""))),
    )


def check() -> None:
    """Check that the configured certificate, if any, can sign.

    Raises:
        ProvenanceError: ``c2pa-certificate``: it cannot.
    """
    statement = Statement(SOFTWARE, "algorithmicallyEnhanced", "", "")
    blank = encode(np.zeros((32, 32, 3), np.uint8), statement, Encoding("PNG"))
    sign(blank, statement, "PNG")


def configured() -> bool:
    """Whether results are signed."""
    return _configured_pair() is not None


def sign(
    data: bytes, statement: Statement, form: Form, parent: tuple[bytes, str] | None = None
) -> bytes:
    """Sign an encoded picture; return it unchanged if no certificate is configured.

    Args:
        data: Picture file from `metadata.encode`.
        statement: Its metadata, which the manifest repeats.
        form: Its format.
        parent: File and format (Pillow's name) of the picture that it was made from, if that has
            Content Credentials, which then become those of the parent ingredient.

    Raises:
        ProvenanceError: ``c2pa-certificate``: the configured certificate cannot sign.
    """
    pair = _configured_pair()
    return data if pair is None else _signed(data, statement, form, pair, parent)


@dataclass(frozen=True)
class _KeyPair:
    """Certificate chain and private key, both PEM."""

    certificate: bytes
    key: bytes


def _configured_pair() -> _KeyPair | None:
    settings = SigningSettings.read()
    if settings.c2pa_cert is None and settings.c2pa_key is None:
        return None
    if settings.c2pa_cert is None or settings.c2pa_key is None:
        raise ProvenanceError(
            "c2pa-certificate",
            "Signing needs both PRESENCE_C2PA_CERT and PRESENCE_C2PA_KEY. Set both or neither.",
        )
    try:
        certificate, key = settings.c2pa_cert.read_bytes(), settings.c2pa_key.read_bytes()
    except OSError as error:
        raise ProvenanceError(
            "c2pa-certificate",
            "The file of PRESENCE_C2PA_CERT or PRESENCE_C2PA_KEY can't be read.",
        ) from error
    return _KeyPair(certificate, key)


def _signed(
    data: bytes,
    statement: Statement,
    form: Form,
    pair: _KeyPair,
    parent: tuple[bytes, str] | None,
) -> bytes:
    import c2pa

    result = io.BytesIO()
    try:
        info = c2pa.C2paSignerInfo(
            alg=_algorithm(pair.certificate),
            sign_cert=pair.certificate,
            private_key=pair.key,
            ta_url=None,
        )
        manifest = _manifest(statement, form, parent is None)
        if parent is not None and statement.others is None:
            _redact(manifest, _private_assertions(*parent))
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder.from_json(json.dumps(manifest), _context()) as builder,
        ):
            if parent is not None:
                original, form_of_original = parent
                mime = MIME[form_of_original]
                builder.add_ingredient(_PARENT, mime, io.BytesIO(original))
            builder.sign(signer, MIME[form], io.BytesIO(data), result)
    except (c2pa.C2paError, ValueError) as error:
        raise _cannot_sign() from error
    credentials = read(result.getvalue())
    if credentials is None or credentials.state not in ("Valid", "Trusted"):
        raise _cannot_sign()
    return result.getvalue()


def _cannot_sign() -> ProvenanceError:
    return ProvenanceError(
        "c2pa-certificate",
        "This picture can't be signed: the certificate of PRESENCE_C2PA_CERT does not fit its key, "
        "has run out, or is not one for Content Credentials.",
    )


@cache
def _context() -> Any:
    import c2pa

    # A thumbnail would be another copy of a face that nobody asked for.
    return c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})


def _algorithm(certificate: bytes) -> bytes:
    """C2PA's name of the signature algorithm of a certificate's key."""
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


def _manifest(statement: Statement, form: Form, unsigned: bool) -> dict[str, Any]:
    """The C2PA manifest: software, original, actions and look.

    Args:
        statement: What it repeats.
        form: The picture's format.
        unsigned: Whether the original has no Content Credentials, and is named by its hash alone.
    """
    invented = statement.source_type == INVENTED and not statement.original
    ingredients = [_original(statement)] if unsigned and not invented else []
    actions = _manifest_actions(statement, invented)
    assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]
    if statement.look:
        assertions.append({"label": "presence.look", "data": {"look": statement.look}})
    return {
        "claim_generator_info": [{"name": SOFTWARE}],
        "format": MIME[form],
        "ingredients": ingredients,
        "assertions": assertions,
    }


def _manifest_actions(statement: Statement, invented: bool) -> list[dict[str, Any]]:
    meaning = SOURCE_TYPES.get(statement.edit or statement.source_type, "nothing was changed")
    action: dict[str, Any] = {
        "action": "c2pa.edited" if statement.source_type else "c2pa.converted",
        "description": f"{meaning}; look {statement.look}" if statement.look else meaning,
        "softwareAgent": {"name": SOFTWARE},
    }
    if statement.source_type:
        action["digitalSourceType"] = NEWSCODES + statement.source_type
    if invented:
        return [action | {"action": "c2pa.created"}]
    return [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["original"]}}, action]


# Labels of assertions with EXIF, IPTC and XMP of a photo.
_PRIVATE = ("stds.exif", "stds.iptc", "c2pa.metadata", "cawg.metadata", "c2pa.thumbnail")
_PARENT = {
    "title": "Original portrait, with its own Content Credentials",
    "relationship": "parentOf",
    "label": "original",
}


def _private_assertions(file: bytes, form: str) -> list[str]:
    """Addresses of a file's assertions that may name places and devices, or show a face."""
    import c2pa

    with c2pa.Reader(MIME[form], io.BytesIO(file)) as reader:
        manifests = json.loads(reader.json()).get("manifests", {})
    found = []
    for label, manifest in manifests.items():
        start = f"self#jumbf=/c2pa/{label}/c2pa.assertions/"
        labels = [one.get("label", "") for one in manifest.get("assertions", [])]
        found += [start + one for one in labels if one.startswith(_PRIVATE)]
        thumbnails = [manifest, *manifest.get("ingredients", [])]
        for one in thumbnails:
            name = (one.get("thumbnail") or {}).get("identifier", "").rpartition("/")[2]
            found += [start + name] if name else []
    return found


def _redact(manifest: dict[str, Any], addresses: list[str]) -> None:
    """Leave assertions of the parents out of a manifest, and say so in its actions."""
    manifest["redactions"] = addresses
    manifest["assertions"][0]["data"]["actions"] += [
        {
            "action": "c2pa.redacted",
            "reason": "c2pa.PII.present",
            "parameters": {"redacted": address},
        }
        for address in addresses
    ]


def _original(statement: Statement) -> dict[str, Any]:
    """The original as an ingredient, identified by its hash alone."""
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


def _source_types(store: dict[str, Any], label: str) -> Iterator[str]:
    """IPTC codes of a manifest and of its parents, in a store as `c2pa.Reader.json` gives it."""
    manifests, seen = store.get("manifests", {}), set[str]()
    while label in manifests and label not in seen:
        seen.add(label)
        manifest = manifests[label]
        for action in _actions(manifest):
            yield code_of(str(action.get("digitalSourceType", "")))
        parents = [
            one.get("active_manifest", "")
            for one in manifest.get("ingredients", [])
            if one.get("relationship") == "parentOf"
        ]
        label = parents[0] if parents else ""


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in manifest.get("assertions", []):
        if assertion.get("label", "").startswith("c2pa.actions"):
            yield from assertion.get("data", {}).get("actions", [])


def _action_sentences(manifest: dict[str, Any]) -> list[str]:
    return [
        ": ".join(filter(None, (action.get("action", ""), action.get("description", ""))))
        for action in _actions(manifest)
    ]
