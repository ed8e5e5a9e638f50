"""Crops round the pick in every rotation, sampled where kornia 0.4.1 samples them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def rotated_grid(pivot: Tensor, rotations: int, rows: Tensor, cols: Tensor, height: int, width: int) -> Tensor:
    """
    Where cells of turned copies of a height x width picture come from: rotations x len(rows) x len(cols) x 2 (x, y), in the
    -1..1 of `grid_sample` with corners not aligned. Copy i is turned by i * 360 / rotations degrees about `pivot` (row,
    column), counter-clockwise on the screen.

    kornia 0.4.1 scales by (W - 1) but samples with corners not aligned, so that cell j is taken at (j + 0.5) (W - 1) / W
    before the turn and the result scaled back; a later kornia gives crops that are half a cell off.
    """
    angles = [math.radians(i * 360 / rotations) for i in range(rotations)]
    cos = torch.tensor([math.cos(a) for a in angles], dtype=pivot.dtype).reshape(-1, 1, 1)
    sin = torch.tensor([math.sin(a) for a in angles], dtype=pivot.dtype).reshape(-1, 1, 1)
    y = ((rows + 0.5) * ((height - 1) / height) - pivot[0]).reshape(1, -1, 1)
    x = ((cols + 0.5) * ((width - 1) / width) - pivot[1]).reshape(1, 1, -1)
    # The inverse of OpenCV's rotation matrix [[cos, sin], [-sin, cos]].
    source_x = cos * x - sin * y + pivot[1]
    source_y = sin * x + cos * y + pivot[0]
    return torch.stack([source_x * (2 / (width - 1)) - 1, source_y * (2 / (height - 1)) - 1], dim=-1)


def rotated_crops(padded: Tensor, pivot: tuple[int, int], rotations: int, crop: int) -> Tensor:
    """1 x C x H x W and a pivot (row, column) to rotations x C x crop x crop round it: the whole picture is turned, then cut."""
    height, width = padded.shape[-2:]
    at = torch.tensor(pivot, dtype=torch.float64)
    grid = rotated_grid(at, rotations, torch.arange(height, dtype=torch.float64), torch.arange(width, dtype=torch.float64), height, width)
    half = crop // 2
    crops = []
    for turned in grid.to(padded.dtype):
        copy = F.grid_sample(padded, turned[None], mode="bilinear", padding_mode="zeros", align_corners=False)
        crops.append(copy[:, :, pivot[0] - half : pivot[0] + half, pivot[1] - half : pivot[1] + half])
    return torch.cat(crops)
