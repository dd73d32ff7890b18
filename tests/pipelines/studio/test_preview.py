from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines import polish, studio
from pipelines.engines import geometry
from pipelines.face.framing import head_and_shoulders
from pipelines.image.arrays import Image8
from pipelines.studio import Analysis, Look, preview
from pipelines.studio.planning import Plan, plan
from pipelines.studio.preview import PreviewStage
from presets import load

LOOKS = [
    "region=japan&context=linkedin",
    "region=off-camera&context=creative-portfolio",
    "region=nordic&context=actor&gaze=-8,3&doses=B:1,E:1,U:1,S:1,X:1",
]


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, hopper: Image8) -> PreviewStage:
    if request.param == "large":
        size = (int(2.5 * hopper.shape[1]), int(2.5 * hopper.shape[0]))
        larger = np.asarray(cv2.resize(hopper, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        analysis = studio.analyse_pixels(larger)
    else:
        analysis = request.getfixturevalue(f"{request.param}_analysis")
    return preview.stage(analysis, window(analysis))


def window(analysis: Analysis) -> tuple[slice, slice]:
    return head_and_shoulders(analysis.face, analysis.portrait.original_u8.shape)


def planned(analysis: Analysis, look: Look) -> Plan:
    return plan(look, load(), analysis.face.head, analysis.gaze.gaze)


def render_preview(stage: PreviewStage, text: str) -> Image8:
    look = Look.parse(text)
    return preview.preview(stage, planned(stage.analysis, look), look.seed)


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        *(("astronaut", text) for text in LOOKS),
        *(("hopper", text) for text in LOOKS),
        ("large", LOOKS[1]),
    ],
    indirect=["stage"],
)
def test_a_preview_equals_the_reduced_full_result(stage: PreviewStage, text: str) -> None:
    image = render_preview(stage, text)
    full = studio.render(stage.analysis, Look.parse(text)).image_u8[window(stage.analysis)]
    size = image.shape[1::-1]
    small = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    error = deltaE_ciede2000(rgb2lab(small), rgb2lab(image))
    # A difference of 1 can just be seen side by side.
    assert error.mean() < 0.41
    assert np.percentile(error, 99) < 1.5
    before = np.rint(255 * stage.pixels).astype(np.uint8)
    changed = deltaE_ciede2000(rgb2lab(before), rgb2lab(image))
    # The eyes have few pixels, but their change is much larger than the error.
    assert changed.max() > 4
    assert max(image.shape[:2]) <= preview.LONG_SIDE


def test_only_steps_with_changed_settings_are_computed(
    astronaut_analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = preview.stage(astronaut_analysis, window(astronaut_analysis))
    calls = []
    for module, name in ((polish, "within"), (geometry, "redirect")):
        real = getattr(module, name)

        def counted(
            *values: object, name: str = name, real: object = real, **more: object
        ) -> object:
            calls.append(name)
            return real(*values, **more)  # type: ignore[operator]

        monkeypatch.setattr(module, name, counted)
    render_preview(stage, "region=japan&context=linkedin")
    assert sorted(calls) == ["redirect", "within"]
    render_preview(stage, "region=japan&context=linkedin&gaze=0.5")
    assert calls[2:] == ["redirect"]
    render_preview(stage, "region=japan&context=linkedin&gaze=0.5&polish=0.5")
    assert calls[3:] == ["within"]
    render_preview(stage, "region=japan&context=linkedin&gaze=0.5")
    assert len(calls) == 4


def test_cached_steps_do_not_change_a_preview(astronaut_analysis: Analysis) -> None:
    used = preview.stage(astronaut_analysis)
    for text in LOOKS:
        render_preview(used, text)
    fresh = preview.stage(astronaut_analysis)
    assert np.array_equal(render_preview(used, LOOKS[0]), render_preview(fresh, LOOKS[0]))


def test_a_look_without_changes_shows_the_photo(astronaut_analysis: Analysis) -> None:
    stage = preview.stage(astronaut_analysis)
    passport = render_preview(stage, "region=international&context=id-passport")
    assert np.array_equal(passport, astronaut_analysis.portrait.original_u8)
    assert np.array_equal(render_preview(stage, "region=keep&context=actor&polish=0"), passport)
