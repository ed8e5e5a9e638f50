"""Building blocks of the `edge` network: streams, merges, correlation, crops.

Coordinates as in model.py: a cell (u, v) covers [u, u+1) x [v, v+1) in continuous cell coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network_config import STRIDE


class Block(nn.Module):
    """Depthwise 5x5, optional FiLM, two pointwise layers, residual."""

    def __init__(self, channels: int, text_size: int = 0):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)
        self.film = Film(text_size, channels) if text_size else None
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        y = self.norm(self.depthwise(x))
        if self.film is not None:
            y = self.film(y, text)
        return x + self.project(F.relu(self.expand(y)))


class Film(nn.Linear):
    """Feature-wise linear modulation: a factor and a shift of every channel, by the sentence."""

    def __init__(self, text_size: int, channels: int):
        super().__init__(text_size, 2 * channels)

    def forward(self, x: Tensor, text: Tensor) -> Tensor:
        factor, shift = self.modulation(text).chunk(2, 1)
        return x * per_channel(factor) + per_channel(shift)

    def modulation(self, text: Tensor) -> Tensor:
        """The factors, then the shifts: batch x 2 channels."""
        scale, shift = super().forward(text).chunk(2, 1)
        return torch.cat([1 + scale, shift], 1)


def downsample(inputs: int, outputs: int, factor: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, factor, factor, bias=False), nn.BatchNorm2d(outputs))


class Stream(nn.Module):
    """An hourglass at 1/4, 1/8 and 1/16; with `lateral`, the decoder also takes the other stream's features."""

    def __init__(self, inputs: int, channels: int, text_size: int = 0, lateral: bool = False):
        super().__init__()
        c4, c8, c16 = channels, channels * 3 // 2, channels * 2
        self.stem = nn.Sequential(nn.Conv2d(inputs, c4, 8, STRIDE, 2, bias=False), nn.BatchNorm2d(c4), nn.ReLU())
        self.encode4 = Block(c4, text_size)
        self.down8 = downsample(c4, c8, 2)
        self.encode8 = nn.ModuleList([Block(c8), Block(c8, text_size)])
        self.down16 = downsample(c8, c16, 2)
        self.encode16 = nn.ModuleList([Block(c16), Block(c16, text_size)])
        self.context = nn.Linear(c16, c16)
        self.merge8 = nn.Conv2d(c16 + c8 + (c8 if lateral else 0), c8, 1)
        self.decode8 = Block(c8, text_size)
        self.merge4 = nn.Conv2d(c8 + c4 + (c4 if lateral else 0), c4, 1)
        self.decode4 = Block(c4, text_size)

    def forward(self, x: Tensor, text: Tensor | None = None, lateral: tuple[Tensor, ...] = ()) -> tuple[Tensor, Tensor]:
        """The decoder's features at 1/8 and 1/4."""
        at4 = self.encode4(self.stem(x), text)
        at8 = self.encode8[1](self.encode8[0](self.down8(at4)), text)
        at16 = self.encode16[0](self.down16(at8))
        at16 = at16 + per_channel(self.context(at16.mean((2, 3))))
        at16 = self.encode16[1](at16, text)
        up8 = self.decode8(merged(self.merge8, at16, at8, *lateral[:1]), text)
        up4 = self.decode4(merged(self.merge4, up8, at4, *lateral[1:]), text)
        return up8, up4


def merged(pointwise: nn.Conv2d, *maps: Tensor) -> Tensor:
    """`pointwise` of the maps beside one another; the first is doubled where it has half the others' size.

    As a sum: nothing is copied to lie side by side, and what is doubled is computed at its own size.
    """
    weights = pointwise.weight.split([x.shape[1] for x in maps], 1)
    biases = [pointwise.bias] + [None] * (len(maps) - 1)
    parts = [F.conv2d(x, weight, bias) for x, weight, bias in zip(maps, weights, biases, strict=True)]
    if maps[0].shape[2] < maps[1].shape[2]:
        parts[0] = F.interpolate(parts[0], scale_factor=2.0, mode="nearest")
    return sum(parts[1:], parts[0])


@dataclass
class Trunk:
    """What the heads share, at a quarter of the resolution. Logits, batch x rows/4 x cols/4, unless said otherwise."""

    features: Tensor  # batch x channels x rows/4 x cols/4
    refers_pick: Tensor  # this is what the sentence wants moved, done or not
    refers_place: Tensor  # this is where the sentence wants it
    valid_pick: Tensor  # picking here serves the sentence now
    valid_place: Tensor  # this target may still take something
    reference: Tensor  # batch x reference_channels x rows/4 x cols/4: what the words are compared with
    remaining: Tensor  # batch: another action is needed; a first guess, by the maps' peaks alone


def correlated(maps: Tensor, kernels: Tensor) -> Tensor:
    """Every sample's maps, batch x channels x rows x cols, with its own kernels, batch x outputs x channels x side x side."""
    return torch.cat([F.conv2d(maps[i : i + 1], kernels[i]) for i in range(maps.shape[0])])


def crop_grid(centre: Tensor, angle: Tensor, size: int, rows: int, cols: int, middle: float) -> Tensor:
    """Sampling grid (as `grid_sample` takes it, without corners aligned) of squares turned by `angle` round `centre`.

    centre [B, 1 or R, 2] (u, v) in continuous cells, which sample number `middle` of a side hits; angle [B, R]; returns
    [B, R, size, size, 2]. Written out because `affine_grid` exports from opset 20 only.
    """
    offset = torch.arange(size, dtype=angle.dtype, device=angle.device) - middle
    du, dv = offset[:, None], offset[None, :]
    cos, sin = angle.cos()[:, :, None, None], angle.sin()[:, :, None, None]
    # The centre comes last: where the angles are known beforehand, all before it is a constant of the exported graph.
    u, v = (centre[:, :, axis, None, None] * (2 / cells) - 1 for axis, cells in enumerate((rows, cols)))
    return torch.stack([(cos * dv - sin * du) * (2 / cols) + v, (sin * dv + cos * du) * (2 / rows) + u], -1)


def per_channel(values: Tensor) -> Tensor:
    """Values, batch x channels, as maps of one cell, which go with maps of any size."""
    return values.view(-1, values.shape[1], 1, 1)


def refers(reference: Tensor, words: Tensor) -> Tensor:
    """Dot product of every cell's features with each word's, plus the word's bias: batch x words x rows x cols."""
    logits = words[:, :, :-1] @ reference.flatten(2) + words[:, :, -1:]
    return logits.view(*logits.shape[:2], *reference.shape[2:])


def peak(logits: Tensor) -> Tensor:
    """The largest mean of 3x3 cells, batch x 1: one bright cell is noise, nine are a thing."""
    return F.avg_pool2d(logits[:, None], 3, 1).flatten(1).amax(1, keepdim=True)


def at(logits: Tensor, cell: Tensor, around: bool = False) -> Tensor:
    """Value [1] of a batch of one at cell (u, v); with `around`, the largest of the 5x5 cells round it."""
    if around:
        logits = F.max_pool2d(logits[:, None], 5, 1, 2)[:, 0]
    return logits.flatten()[cell[:1] * logits.shape[2] + cell[1:]]


def brightness(logits: Tensor) -> Tensor:
    return (logits - logits.amax()).exp()
