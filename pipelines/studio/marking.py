"""What a look does to a photo, written into the file that leaves the house."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.gaze import Gaze
from pipelines.image import credentials
from pipelines.image.arrays import Image8
from pipelines.image.metadata import SOFTWARE, SOURCE_TYPES, Form, Statement, encode
from pipelines.studio.look import Look
from presets.schema import load


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
    data = encode(image_u8, statement, form, quality)
    # Of an original there is nothing to state.
    return credentials.sign(data, statement, form) if look or kind else data


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


def source_type_of(looks: Iterable[Look | None]) -> str:
    """The IPTC code for a sheet of several looks: that of the one that was changed most."""
    kinds = {source_type(look) for look in looks}
    return next((kind for kind in reversed(SOURCE_TYPES) if kind in kinds), "")
