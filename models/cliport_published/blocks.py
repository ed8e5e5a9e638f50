"""Building blocks of both streams, as published (without batch norm, which the published settings turn off)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """1x1, 3x3 (stride, padding 1), 1x1 without biases; plus the input, through a 1x1 shortcut where `projects`."""

    def __init__(self, inputs: int, filters: tuple[int, int, int], stride: int = 1, projects: bool = True, final_relu: bool = True):
        super().__init__()
        self.final_relu = final_relu
        self.conv1 = nn.Conv2d(inputs, filters[0], 1, bias=False)
        self.conv2 = nn.Conv2d(filters[0], filters[1], 3, stride=stride, padding=1, bias=False)
        self.conv3 = nn.Conv2d(filters[1], filters[2], 1, bias=False)
        if projects:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, filters[2], 1, stride=stride, bias=False))
        else:
            self.shortcut = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv1(x))
        y = self.conv3(F.relu(self.conv2(y))) + self.shortcut(x)
        return F.relu(y) if self.final_relu else y


def pair(inputs: int, channels: int, stride: int = 1) -> list[nn.Module]:
    """A block that changes channels and resolution, and one that keeps them."""
    filters = (channels, channels, channels)
    return [Bottleneck(inputs, filters, stride), Bottleneck(channels, filters, projects=False)]


def head(inputs: int, hidden: int, outputs: int) -> list[nn.Module]:
    """The last two blocks of a spatial stream: no ReLU at their ends."""
    filters = (hidden, hidden, outputs)
    return [Bottleneck(inputs, filters, final_relu=False), Bottleneck(outputs, filters, projects=False, final_relu=False)]


def upsample() -> nn.Module:
    """Twice the resolution, corners aligned."""
    return nn.UpsamplingBilinear2d(scale_factor=2)


def resized(x: Tensor, like: Tensor) -> Tensor:
    """To rows and columns of `like`, bilinear, corners not aligned; of twice the size that is the mean of 2 x 2 cells."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class LateralFusion(nn.Module):
    """Channels of both, ReLU, then 1x1 without bias (the ReLU comes before the convolution)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return self.conv(torch.cat([x, other], dim=1))


class BatchStatisticsNorm(nn.BatchNorm2d):
    """A batch norm in training mode, always: mean and biased variance of this batch. Nobody calls eval() on the published
    decoder, so its running statistics, which checkpoints hold, are never used."""

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, self.weight, self.bias, training=True, eps=self.eps)


class Up(nn.Module):
    """Twice the resolution, padded with zeros to the skip's size, joined with it (skip first), then twice 3x3, norm, ReLU."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.up = upsample()
        self.conv = nn.Module()
        self.conv.double_conv = nn.Sequential(
            nn.Conv2d(inputs, inputs // 2, 3, padding=1), BatchStatisticsNorm(inputs // 2), nn.ReLU(),
            nn.Conv2d(inputs // 2, outputs, 3, padding=1), BatchStatisticsNorm(outputs), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.up(x)
        rows, cols = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
        if rows or cols:
            x = F.pad(x, [cols // 2, cols - cols // 2, rows // 2, rows - rows // 2])
        return self.conv.double_conv(torch.cat([skip, x], dim=1))
