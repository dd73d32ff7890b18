from __future__ import annotations

from gradio.data_classes import ImageData

from ui import launching
from ui.components.portrait import UnopenedImage


def test_a_file_is_passed_on_unopened_also_where_a_session_made_the_component_anew() -> None:
    blocks = launching.build()
    (image,) = (one for one in blocks.blocks.values() if isinstance(one, UnopenedImage))
    assert image.get_config()["elem_id"] == "portrait"
    assert image.get_block_name() == "image"
    # As Gradio does for every update, even one that changes nothing.
    again = image.__class__(**{**image.constructor_args, "render": False})
    for one in (image, again):
        assert one.preprocess(ImageData(path="/no/such/letter.jpg")) == "/no/such/letter.jpg"
        assert one.preprocess(None) is None
