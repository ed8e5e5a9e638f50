"""Raw cells (red, green, blue 0..255 and three times the height in metres) to network inputs, after zero padding: padded
cells become -mean / std, not 0."""

from __future__ import annotations

import torch
from torch import Tensor

SPATIAL = {"color_mean": [0.18877631] * 3, "color_std": [0.07276466] * 3, "height_mean": 0.00509261, "height_std": 0.00903967}
SEMANTIC = {"color_mean": [0.48145466, 0.4578275, 0.40821073], "color_std": [0.26862954, 0.26130258, 0.27577711]}


def _channels(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).reshape(1, -1, 1, 1)


def _color(x: Tensor, means: dict) -> Tensor:
    return (x[:, :3] / 255 - _channels(means["color_mean"], x)) / _channels(means["color_std"], x)


def for_spatial(x: Tensor) -> Tensor:
    """N x 6 x H x W to the same shape."""
    height = (x[:, 3:] - SPATIAL["height_mean"]) / SPATIAL["height_std"]
    return torch.cat([_color(x, SPATIAL), height], dim=1)


def for_semantic(x: Tensor) -> Tensor:
    """N x 6 x H x W to N x 3 x H x W: CLIP sees no height."""
    return _color(x, SEMANTIC)


def raw_cells(color: Tensor, height: Tensor) -> Tensor:
    """uint8 1 x rows x cols x 3 and float32 1 x rows x cols to 1 x 6 x rows x cols."""
    return torch.cat([color.permute(0, 3, 1, 2).to(height.dtype), height[:, None].repeat(1, 3, 1, 1)], dim=1)
