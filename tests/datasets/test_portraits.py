from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets import portraits
from datasets.portraits import ReadPortrait
from pipelines.image.arrays import Image8
from pipelines.studio import Analysis


def test_small_shut_blurred_and_hidden_eyes_are_not_usable(hopper_portrait: ReadPortrait) -> None:
    assert portraits.usable_eyes(hopper_portrait) == ("left", "right")
    face, picture = hopper_portrait.face, hopper_portrait.picture_u8
    small = replace(
        hopper_portrait,
        face=face.scaled(0.4),
        picture_u8=np.asarray(cv2.resize(picture, None, fx=0.4, fy=0.4), np.uint8),
    )
    assert portraits.usable_eyes(small) == ()
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)
    assert portraits.usable_eyes(replace(hopper_portrait, picture_u8=blurred)) == ()
    hidden = replace(hopper_portrait, confidence=(0.1, 1.0))
    assert portraits.usable_eyes(hidden) == ("right",)
    left = face.left
    shut = replace(left, upper=left.lower + (left.upper - left.lower) * 0.2)
    with_shut_eye = replace(hopper_portrait, face=replace(face, left=shut))
    assert portraits.usable_eyes(with_shut_eye) == ("right",)


def test_crops_with_landmarks_need_no_mediapipe(
    tmp_path: Path, hopper: Image8, hopper_analysis: Analysis
) -> None:
    face = hopper_analysis.face.scaled(1 / hopper_analysis.portrait.scale)
    left, top = np.floor(face.oval.min(axis=0)).astype(int) - 8
    right, bottom = np.ceil(face.oval.max(axis=0)).astype(int) + 8
    Image.fromarray(hopper[top:bottom, left:right]).save(tmp_path / "one.jpg", quality=98)
    np.savez(
        tmp_path / "landmarks.npz",
        names=np.array(["one.jpg"]),
        landmarks=(face.landmarks - [left, top, 0])[None].astype(np.float32),
        source=np.array(["set"]),
    )
    (read,) = portraits.read_crops(tmp_path)
    assert read.person == "one"
    assert read.source == "set"
    iris_center = read.face.right.iris_center + np.array([left, top])
    assert iris_center == pytest.approx(face.right.iris_center, abs=0.7)
