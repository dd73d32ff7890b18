from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pipelines.image.arrays import Image8
from pipelines.studio import Analysis, Look
from presets import load
from ui.comparison import Photo
from ui.components import live
from ui.components.results import CLOSE, WHOLE
from ui.pictures import close_up, jpeg_data_url


def test_a_look_follows_where_its_network_takes_no_minutes() -> None:
    followed = {name for name in load().engines if live.is_live(Look(engine=name))}
    assert followed == {"geometry", "eye-controlnet"}


def test_a_preview_has_the_framing_of_the_result(astronaut_analysis: Analysis) -> None:
    photo = Photo("astronaut.png", astronaut_analysis)
    original = astronaut_analysis.portrait.original_u8
    look = Look(region="japan", context="linkedin")
    for framing, shown in ((CLOSE, close_up(original, astronaut_analysis.face)), (WHOLE, original)):
        image, planned = live.preview_picture(photo, look, framing)
        assert image.shape == shown.shape
        assert np.abs(image.astype(int) - shown).mean() < 3
        assert planned.aim is not None
    assert set(photo.stages) == {CLOSE, WHOLE}


def test_a_preview_travels_with_all_its_colour(astronaut: Image8) -> None:
    kind, data = jpeg_data_url(astronaut, live.JPEG_QUALITY).split(",", 1)
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (512, 512)
        # No component is sampled more coarsely than another.
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # type: ignore[attr-defined]
        decoded = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(decoded - astronaut).mean() < 3
