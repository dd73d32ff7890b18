"""Encode pictures for delivery, with metadata and a signature that say how they were made."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.gaze import Gaze
from pipelines.image import credentials, metadata
from pipelines.image.arrays import Image8
from pipelines.image.metadata import SOFTWARE, SOURCE_TYPES, Form, Statement
from pipelines.studio.look import Look
from presets.schema import load


def encode(
    image_u8: Image8,
    look: Look | None,
    *,
    original: str = "",
    form: Form = "PNG",
    quality: int = 95,
    source: str | None = None,
) -> bytes:
    """Encode a picture with its metadata, then sign it if a certificate is configured.

    Args:
        image_u8: uint8 sRGB, shape (H, W, 3).
        look: The look it was rendered with; None for the original or a sheet of several looks.
        original: `pixel_hash` of the photo it was made from.
        form: File format.
        quality: Quality of lossy formats, 1..100.
        source: IPTC digital source type of a picture that is not a single look of a photo, such as
            an invented persona or a sheet of several looks; if None, it follows from the look.

    Returns:
        The file's bytes. Equal arguments give equal bytes unless the file is signed, because a
        signature includes the time.

    Raises:
        ProvenanceError: ``c2pa-certificate``: a certificate is configured and cannot sign.
    """
    kind = source_type(look) if source is None else source
    statement = Statement(SOFTWARE, kind, str(look) if look else "", original)
    data = metadata.encode(image_u8, statement, form, quality)
    # An original is not signed: there is no edit to state.
    return credentials.sign(data, statement, form) if look or kind else data


def source_type(look: Look | None) -> str:
    """IPTC digital source type of a look; "" where the look changes nothing.

    It is ``compositeWithTrainedAlgorithmicMedia`` if a trained model draws eyes or skin, else
    ``algorithmicallyEnhanced``.
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


def source_type_of(looks: Iterable[Look | None]) -> str:
    """IPTC digital source type of a sheet of several looks: the one of the largest change."""
    kinds = {source_type(look) for look in looks}
    return next((kind for kind in reversed(SOURCE_TYPES) if kind in kinds), "")
