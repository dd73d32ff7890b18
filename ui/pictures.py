"""Pictures as PNG files that the page can show: results, enlarged eyes, thumbnails."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from gradio.processing_utils import hash_bytes
from gradio.utils import get_upload_folder
from numpy.typing import NDArray
from PIL import Image

from pipelines.face import Face
from pipelines.face.framing import head_and_shoulders
from pipelines.studio.samples import recognised
from ui import visitor
from ui.owners import Owners

if TYPE_CHECKING:
    from pipelines.studio import Analysis

Pixels = NDArray[np.uint8]

# Larger than any screen shows a portrait beside another one; downloads keep the full size.
VIEW_LONG_SIDE = 1600
EYES_FACTOR = 4
_EYES_MARGIN = 0.55
# Half of what is shown of one eye, sideways and up or down, in widths of the eye.
_EYE_REACH = (0.72, 0.5)
# What is no skin goes this far towards this grey.
_VEIL, _GREY = 0.82, 0.72


class FileStore:
    """Files made for visitors; they go with their visit, or with Gradio's own once they are old.

    Attributes:
        root: Path that a proxy serves the page under, such as ``/presence``, or "".
        folder: A folder of its own for its files, so that no other shelf's are the same, or "".
        owners: Which visits need which files.
        paths: Every file that was put here and not yet deleted.
    """

    def __init__(self, root: str = "", folder: str = "") -> None:
        self.root, self.folder = root.rstrip("/"), folder
        self.owners = Owners()
        self.paths: set[str] = Paths()

    def put(self, image_u8: Pixels, name: str) -> str:
        """Write a PNG and return its path; the same picture under the same name is one file."""
        buffer = io.BytesIO()
        Image.fromarray(image_u8).save(buffer, "PNG", compress_level=1)
        return self.keep(buffer.getvalue(), f"{name}.png")

    def keep(self, data: bytes, name: str) -> str:
        """Write a file and return its path."""
        path = Path(get_upload_folder(), self.folder, hash_bytes(data), name)
        self.owners.add(visitor.current(), str(path))
        if path.exists():
            # Gradio goes by the time of the last change when it deletes.
            path.touch()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
                unfinished.write(data)
            # At once, so that nobody is ever served half a picture.
            Path(unfinished.name).replace(path)
        self.paths.add(str(path))
        return str(path)

    def take(self, path: str | None) -> str | None:
        """Count an uploaded file as one of the current visit's; gives it back.

        A browser names it: it may name a file that was made for others, or everybody's.
        """
        if path and self.is_upload(path) and not recognised(path):
            self.owners.add(visitor.current(), path, uploaded=True)
        return path

    def is_upload(self, path: str) -> bool:
        """Whether a file was uploaded, and not put here or on another shelf."""
        folder = Path(get_upload_folder()).resolve()
        return path not in self.paths and Path(path).resolve().parent.parent == folder

    def leave(self, session: str) -> None:
        """A visit is over: delete at once what no other visit needs."""
        self.owners.leave(session, self.paths.difference_update)

    def address(self, path: str) -> str:
        """Where the page finds a file of the shelf."""
        route = f"gradio_api/file={quote(path)}"
        return f"{self.root}/{route}" if self.root else route


class Paths(set[str]):
    """Can be gone through while other threads put files on the shelf or take some away."""

    def __iter__(self) -> Iterator[str]:
        # Copying happens in one go; a loop would end in an error, and Gradio's cleaning with it.
        return iter(list(self.copy()))


def view(image_u8: Pixels) -> Pixels:
    """The picture no larger than a screen needs it."""
    longest = max(image_u8.shape[:2])
    if longest <= VIEW_LONG_SIDE:
        return image_u8
    return _resized(image_u8, VIEW_LONG_SIDE / longest, Image.Resampling.LANCZOS)


def close_up(image_u8: Pixels, face: Face) -> Pixels:
    """Head and shoulders, as far as the picture has them; the same box for every look.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face, in pixels of the working copy.
    """
    return image_u8[head_and_shoulders(face, image_u8.shape)]


def eyes(image_u8: Pixels, face: Face, scale: float) -> Pixels:
    """Both eyes, enlarged.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face, in pixels of the working copy.
        scale: Working size / own size.
    """
    points = np.vstack([eye.contour for eye in face.eyes]) / scale
    reach = _EYES_MARGIN * max(eye.width for eye in face.eyes) / scale
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    height, width = image_u8.shape[:2]
    left, top = (int(value) for value in np.clip(low, 0, (width - 1, height - 1)))
    right, bottom = (int(value) + 1 for value in np.clip(high, 0, (width - 1, height - 1)))
    crop = image_u8[top:bottom, left:right]
    factor = min(EYES_FACTOR, max(1.0, VIEW_LONG_SIDE / max(crop.shape[:2])))
    return _resized(crop, factor, Image.Resampling.BICUBIC)


def eye_pair(image_u8: Pixels, face: Face, scale: float) -> Pixels:
    """Each eye by itself, enlarged, the person's right one in the left half.

    The place of the cut depends on the face alone, so the pairs of a portrait and of its looks lie
    over one another to the pixel.

    Args:
        image_u8: The picture at its own size, (H, W, 3).
        face: The face in the original, in pixels of the working copy.
        scale: Working size / own size.
    """
    width = max(eye.width for eye in face.eyes) / scale
    reach = np.array(_EYE_REACH) * width
    factor = min(EYES_FACTOR, VIEW_LONG_SIDE / (4 * reach[0]))
    size = tuple(max(1, round(side)) for side in 2 * factor * reach)
    halves = [
        _resampled(image_u8, np.mean(eye.contour, axis=0) / scale - reach, 1 / factor, size)
        for eye in (face.right, face.left)
    ]
    return np.hstack(halves)


def skin(analysis: Analysis) -> Pixels:
    """The portrait with everything that does not count as skin veiled in neutral grey.

    Args:
        analysis: What was learned from the portrait.
    """
    small = np.asarray(analysis.portrait.pixels)
    shown = analysis.baseline.visible_skin[..., None]
    veiled = small + _VEIL * (1 - shown) * (_GREY - small)
    return close_up(np.rint(255 * veiled).astype(np.uint8), analysis.face)


def thumbnail(path: Path, side: int = 128) -> str:
    """A square thumbnail as a data address, cut from the upper middle, where faces are."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    width, height = image.size
    edge = min(width, height)
    left = (width - edge) // 2
    square = image.crop((left, 0, left + edge, edge)).resize((side, side))
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def file_name(*parts: str) -> str:
    """A name for a download, made of ids."""
    return "-".join(["presence", *(part for part in parts if part)])


def _resized(image_u8: Pixels, factor: float, resampling: Any) -> Pixels:
    height, width = image_u8.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(Image.fromarray(image_u8).resize(size, resampling))


def _resampled(image_u8: Pixels, corner: Any, step: float, size: tuple[int, ...]) -> Pixels:
    """A rectangle of a picture from a corner that need not be a whole pixel; the edge goes on."""
    import cv2

    way = np.array([[step, 0, corner[0]], [0, step, corner[1]]], np.float64)
    return np.asarray(
        cv2.warpAffine(
            image_u8,
            way,
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
