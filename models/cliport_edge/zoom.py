"""The zoom stage: the exact cell of the place, and how much further to turn, at full resolution."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Block, correlated, crop_grid, merged
from .network_config import STRIDE, EdgeConfig

TURN_LIMIT = 0.3  # radians: a rotation and a half


class Zoom(nn.Module):
    """Full-resolution cells round the coarse place and, turned as they will be, round the pick, to the exact place."""

    def __init__(self, config: EdgeConfig):
        super().__init__()
        c = config.zoom_channels
        self.config = config
        self.stem = nn.Sequential(nn.Conv2d(8, c, 5, 2, 2, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.down = nn.Sequential(nn.Conv2d(c, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.blocks = nn.ModuleList([Block(c, config.text_size) for _ in range(3)])
        self.merge = nn.Conv2d(2 * c, c, 1)
        self.slide = Slide(config)
        self.slid = nn.Conv2d(config.slides, c, 1, bias=False)
        nn.init.zeros_(self.slid.weight)
        self.last = Block(c)
        self.head = nn.Conv2d(c, 4, 1)
        self.edges = Edges(config.zoom_cells)
        self.turn = nn.Sequential(nn.Linear(c + config.text_size + self.edges.size, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x: Tensor, pick: Tensor, angle: Tensor, coarse: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Logits batch x zoom_cells x zoom_cells, and how much further to turn, [B] radians. Entry (i, j) is the cell `STRIDE * coarse - zoom_cells/2 + STRIDE/2 + (i, j)`.

        `pick` in continuous cells, `angle` [B] in radians (the rotation index times 10 degrees), `coarse` [B, 2] in cells
        of the trunk.
        """
        round_place, round_pick = self.looks(x, pick, angle, coarse).unbind(1)
        half = self.stem(torch.cat([round_place, round_pick], 1))
        y = self.down(half)
        for block in self.blocks:
            y = block(y, text)
        edges = self.edges(round_place[:, 3:], round_pick[:, 3:])
        turn = TURN_LIMIT * torch.tanh(self.turn(torch.cat([y.mean((2, 3)), text, edges], 1))[:, 0])
        slid = self.slid(self.slide(round_place, round_pick))
        y = self.last(merged(self.merge, y, half) + slid)
        return F.pixel_shuffle(self.head(y), 2)[:, 0], turn

    def looks(self, x: Tensor, pick: Tensor, angle: Tensor, coarse: Tensor) -> Tensor:
        """What is round the place as it lies, and round the pick turned by `angle`: [B, 2, 4, zoom_cells, zoom_cells]."""
        size = self.config.zoom_cells
        grid = crop_grid(pick[:, None], angle[:, None], size, x.shape[2], x.shape[3], (size - 1) / 2)
        round_pick = F.grid_sample(x.contiguous(), grid[:, 0], align_corners=False)
        return torch.stack([cut_out(x, coarse * STRIDE + (STRIDE - size) // 2, size), round_pick], 1)


def cut_out(x: Tensor, first: Tensor, size: int) -> Tensor:
    """The square of `size` cells that begins at `first` [B, 2], 0 where it is off the map."""
    batch, channels, rows, cols = x.shape
    u, v = (first[:, axis, None] + torch.arange(size, device=x.device) for axis in (0, 1))
    there = ((u >= 0) & (u < rows))[:, :, None] & ((v >= 0) & (v < cols))[:, None]
    cells = (u.clamp(0, rows - 1) * cols)[:, :, None] + v.clamp(0, cols - 1)[:, None]
    found = x.flatten(2).gather(2, cells.flatten(1)[:, None].expand(batch, channels, -1))
    return found.view(batch, channels, size, size) * there[:, None].to(x.dtype)


class Slide(nn.Module):
    """Slides what is round the pick over what is round the place, at half the resolution: where it would lie on something,
    touch it, or leave a gap."""

    KERNEL = 24  # of half the resolution's cells, along the side of what is slid: 150 mm
    REACH = 16  # positions round the middle, along a side

    def __init__(self, config: EdgeConfig):
        super().__init__()
        self.channels, self.slides = config.slide_channels, config.slides
        stem = lambda outputs: nn.Sequential(nn.Conv2d(4, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, outputs, 1))
        self.room, self.shape = stem(self.channels), stem(self.channels * self.slides)
        self.norm = nn.BatchNorm2d(self.slides)

    def forward(self, place: Tensor, pick: Tensor) -> Tensor:
        """Of looks [B, 4, cells, cells]: [B, slides, cells/2, cells/2], 0 farther from the middle than is reached."""
        room, shape = self.room(place), self.shape(pick)
        batch, half = shape.shape[0], shape.shape[2]
        rim, before = (half - self.KERNEL) // 2, (half - self.REACH) // 2
        kernels = shape[:, :, rim : rim + self.KERNEL, rim : rim + self.KERNEL]
        kernels = kernels.reshape(batch, self.slides, self.channels, self.KERNEL, self.KERNEL) / self.KERNEL
        # The pick's own cell lies KERNEL / 2 from the kernel's corner, so this much room is missing at both ends.
        missing = self.KERNEL // 2 - before
        padded = F.pad(room, (missing, missing - 1, missing, missing - 1))
        return F.pad(F.relu(self.norm(correlated(padded, kernels))), (before, before, before, before))


class Edges(nn.Module):
    """How the edges round the pick lie to those round the place: of rectangles, the angle that they still have to turn.

    The gradients of the height, as complex numbers to the fourth power (a quarter turn changes nothing), are added up
    within circles; the product of one sum with the other's conjugate has four times the angle between them.
    """

    PLACE_RADII = (16, 24, 64)  # cells
    PICK_RADII = (12, 20, 64)
    HIGHEST = 2.0  # in units of the net's input

    def __init__(self, cells: int):
        super().__init__()
        slope = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
        self.register_buffer("sobel", torch.stack([slope, slope.t()])[:, None], persistent=False)
        offset = torch.arange(cells - 2) - (cells - 3) / 2
        distance = (offset[:, None] ** 2 + offset[None, :] ** 2).sqrt().flatten()
        within = lambda radii: torch.stack([(distance < radius).float() for radius in radii], 1)
        self.register_buffer("circles", torch.stack([within(self.PLACE_RADII), within(self.PICK_RADII)]), persistent=False)
        pairs = [(i, j) for i in range(len(self.PLACE_RADII)) for j in range(len(self.PICK_RADII))]
        self.size = 2 * len(pairs)
        # A product of complex numbers, a conj(b), of each pair, as sums of the products of their parts.
        parts = torch.zeros(2, len(self.PLACE_RADII), 2, len(self.PICK_RADII), 2, len(pairs))
        for pair, (i, j) in enumerate(pairs):
            parts[0, i, 0, j, 0, pair] = parts[1, i, 1, j, 0, pair] = parts[1, i, 0, j, 1, pair] = 1
            parts[0, i, 1, j, 1, pair] = -1
        self.register_buffer("conjugate_products", parts.flatten(0, 3).flatten(1), persistent=False)

    def forward(self, place: Tensor, pick: Tensor) -> Tensor:
        """Of heights [B, 1, cells, cells]: cosine and sine of four times the angle, for each pair of circles, [B, size]."""
        a, b = self.sums(torch.stack([place, pick], 1)).flatten(2).unbind(1)
        both = ((a[:, :, None] * b[:, None]).flatten(1) @ self.conjugate_products).unflatten(1, (2, -1))
        return (both / ((both * both).sum(1, keepdim=True) + 1e-8).sqrt()).flatten(1)

    def sums(self, heights: Tensor) -> Tensor:
        """Of place and pick, [B, 2, 1, cells, cells]: real and imaginary part within their circles, [B, 2, 2, circles]."""
        slope = F.conv2d(heights.clamp(max=self.HIGHEST).flatten(0, 1), self.sobel).flatten(2)
        x, y = slope.chunk(2, 1)
        xx, yy = x * x, y * y
        squared, c, s = xx + yy, xx - yy, 2 * x * y  # c and s: twice the angle
        fourth = torch.cat([c * c - s * s, 2 * c * s], 1) / (squared * squared.sqrt() + 1e-6)
        return fourth.unflatten(0, (-1, 2)) @ self.circles
