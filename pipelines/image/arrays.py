"""Type aliases for the arrays that functions pass to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""float32 RGB, sRGB in [0, 1], shape (H, W, 3)."""
Map = NDArray[np.float32]
"""float32, one value a pixel, shape (H, W)."""
Image8 = NDArray[np.uint8]
"""uint8 RGB, sRGB, shape (H, W, 3)."""
Points = NDArray[np.float64]
"""float64, usually pixel coordinates (x right, y down), pixel centres at whole numbers."""
Reals = NDArray[np.floating[Any]]
"""Any floating-point array."""
