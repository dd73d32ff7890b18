"""Encode pictures for delivery, with metadata and a signature that say how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pipelines.gaze import Gaze
from pipelines.image import credentials, metadata
from pipelines.image import encoding as files
from pipelines.image.encoding import Encoding
from pipelines.image.metadata import SOFTWARE, Statement
from pipelines.image.origin import Origin
from pipelines.image.rights import Rights
from pipelines.image.spaces import Values
from pipelines.studio.look import Look
from presets.schema import load

Keep = Literal["rights", "all", "none"]
PNG, NO_ORIGIN = Encoding("PNG"), Origin()


def encode(
    image: Values,
    looks: Look | Sequence[Look | None] | None,
    *,
    original: str = "",
    encoding: Encoding = PNG,
    origin: Origin = NO_ORIGIN,
    source: str | None = None,
    keep: Keep = "rights",
    photo: bytes = b"",
) -> bytes:
    """Encode a picture with its metadata, then sign it if a certificate is configured.

    Args:
        image: uint8 sRGB, or pixels in the encoding's space, shape (H, W, 3).
        looks: The look it was rendered with, or those of a sheet; None for the original.
        original: `pixel_hash` of the photo it was made from.
        encoding: How to write the file.
        origin: Where the photo comes from. Its rights are kept, and so is its digital source type
            if that is stronger; its Content Credentials become those of the parent.
        source: IPTC digital source type of a picture that no look says it of, such as an invented
            persona; if None, it follows from the looks.
        keep: Which of the photo's metadata to keep: ``rights``; ``all``, which may name places and
            devices; or ``none``, which leaves what says how the picture was made.
        photo: The photo's file, for ``all``.

    Returns:
        The file's bytes. Equal arguments give equal bytes unless the file is signed, because a
        signature includes the time.

    Raises:
        ProvenanceError: ``c2pa-certificate``: a certificate is configured and cannot sign.
    """
    some = [looks] if isinstance(looks, Look) or looks is None else looks
    own = source_type_of(some) if source is None else source
    text = " ".join(str(look) for look in some if look is not None)
    rights = Rights() if keep == "none" else origin.rights
    others = metadata.others(photo) if keep == "all" else None
    kind = metadata.strongest([origin.source_type, own])
    statement = Statement(SOFTWARE, kind, text, original, rights, others, own)
    data = files.encode(image, statement, encoding)
    # An original is not signed: there is no edit to state.
    if not text and not own:
        return data
    parent = None if origin.file is None else (origin.file, origin.form)
    return credentials.sign(data, statement, encoding.form, parent)


def source_type(look: Look | None) -> str:
    """IPTC digital source type of a look; "" where the look changes nothing.

    It is ``compositeWithTrainedAlgorithmicMedia`` if a trained model draws eyes, skin,
    expression or what is around the head, else ``algorithmicallyEnhanced``.
    """
    if look is None:
        return ""
    presets = load()
    context, region = presets.contexts[look.context], presets.regions[look.region]
    if context.untouched:
        return ""
    turns = isinstance(look.gaze, Gaze) or (bool(look.gaze) and region.gaze is not None)
    turns = turns or bool(look.trim)
    by_network = turns and presets.engines[look.engine].weights != "none"
    drawn = look.generative or look.generate != "none" or look.expression != "keep"
    if by_network or drawn:
        return "compositeWithTrainedAlgorithmicMedia"
    doses = [*context.doses.model_dump().values()] if look.polish else []
    retouches = any(doses) or any(dose for _, dose in look.doses)
    return "algorithmicallyEnhanced" if turns or retouches else ""


def source_type_of(looks: Iterable[Look | None]) -> str:
    """IPTC digital source type of a sheet of several looks: the one of the largest change."""
    return metadata.strongest(source_type(look) for look in looks)
