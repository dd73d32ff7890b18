from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from datasets import drawing, eye_samples
from datasets.eye_set import EyeSet
from pipelines.engines import eye_pipeline


def test_the_gain_of_detail_makes_smooth_eyes_as_sharp_as_real_ones(rendered_eyes: EyeSet) -> None:
    samples = [eye_samples.sample(rendered_eyes, index, "cycle") for index in range(4)]
    truth = np.stack([sample.truth for sample in samples]).astype(np.float32)
    mask = np.stack([sample.mask for sample in samples])
    smooth = np.stack([cv2.GaussianBlur(pixels, (0, 0), 0.45) for pixels in truth])
    assert drawing.gain_of_detail(truth, truth, mask) == 1
    assert drawing.sharpness(truth, truth, mask) == pytest.approx(1)
    assert np.median(drawing.sharpness(smooth, truth, mask)) < 0.93
    gain = drawing.gain_of_detail(smooth, truth, mask)
    assert 1 < gain < 1.5
    planes = torch.from_numpy(smooth.transpose(0, 3, 1, 2))
    sharpened = eye_pipeline.detailed(planes, gain).numpy().transpose(0, 2, 3, 1)
    assert 0.95 <= np.median(drawing.sharpness(sharpened, truth, mask)) < 1
