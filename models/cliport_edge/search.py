"""Where the place map is highest, without all of the map: from coarse to fine.

The whole map is the key's features correlated with the query in every rotation (16x16 cells, 36 rotations, 80x40 cells:
0.47 GFLOP, two fifths of a decision). Its maximum is wanted alone. So: the same correlation at half the resolution, in every
third rotation, says where it may be, and round the best of those cells it is computed as it is, in every rotation. The
answer is that of the whole map unless the highest cell lies beside none of the seeds (measured: benchmarks/RESULTS.md).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import crop_grid

COARSE_ROTATIONS = 3  # every third rotation is tried
COARSE_CELLS = 2  # on every second cell
SEEDS = 32  # best cells of the coarse map, round which the map is computed
# A patch is read in pieces that lie together in memory: this many cells of a row.
PIECE = 4


def best_place(key: Tensor, query: Tensor, pick: Tensor, rotations: int, side: int) -> tuple[Tensor, Tensor]:
    """Rotation [1] and cell [1, 2] of the highest cell of the place map, of a batch of one.

    Features of key and query, 1 x channels x rows x cols; `pick` [1, 2] in continuous cells of theirs; kernels are `side` x `side`.
    """
    samples = turned(query, pick, rotations, side)
    cells = neighbours(key.shape[2], key.shape[3])[seeds(key, coarse_kernels(samples, rotations, side))].flatten(0, 1)
    values = F.linear(patches_at(key, cells, side), kernels(samples, rotations, side))
    best = values.flatten().argmax(0, keepdim=True)
    return best % rotations, cells[best // rotations]


def turned(query: Tensor, pick: Tensor, rotations: int, side: int) -> Tensor:
    """The query round the pick, in the rotations of the first quarter turn: channels x (rotations / 4 * (side + 1)^2).

    With a row and a column more than a kernel has, so that it is the same number of samples to all sides of the pick: the other
    three quarter turns are then the same samples in another order (`sample_of`).
    """
    angle = torch.arange(rotations // 4, dtype=query.dtype)[None] * (2 * math.pi / rotations)
    grid = crop_grid(pick[:, None], angle, side + 1, query.shape[2], query.shape[3], side / 2)
    return F.grid_sample(query, grid.flatten(1, 2), align_corners=False)[0].flatten(1)


def sample_of(rotations: int, side: int) -> Tensor:
    """Number of the sample of `turned` that lies at each place of each kernel: rotations x side x side."""
    half, width = side // 2, side + 1

    def number(rotation: int, du: int, dv: int) -> int:
        quarter, first = divmod(rotation, rotations // 4)
        for _ in range(quarter):  # What lies at d in a frame turned by another 90 degrees lies at R(90 degrees) d in this one.
            du, dv = dv, -du
        return (first * width + du + half) * width + dv + half

    offsets = range(-half, half)
    return torch.tensor([[[number(r, du, dv) for dv in offsets] for du in offsets] for r in range(rotations)])


def kernels(samples: Tensor, rotations: int, side: int) -> Tensor:
    """Every kernel, as `patches_at` lays out what it meets: rotations x (side * side * channels)."""
    return samples.t()[sample_of(rotations, side).flatten()].view(rotations, -1)


def coarse_kernels(samples: Tensor, rotations: int, side: int) -> Tensor:
    """Every third kernel at half the resolution: rotations/3 x channels x side/2 x side/2."""
    numbers = sample_of(rotations, side)[::COARSE_ROTATIONS]
    return F.avg_pool2d(samples[:, numbers.flatten()].view(-1, *numbers.shape), COARSE_CELLS).transpose(0, 1)


def seeds(key: Tensor, coarse_kernels: Tensor) -> Tensor:
    """Numbers of the coarse map's cells, [SEEDS], where it is highest in any rotation.

    Half the resolution of both: each of its values is the mean of the map's over 3x3 cells, weighted 1 2 1, so that a
    peak between two of its cells is not overlooked.
    """
    half = coarse_kernels.shape[2] // 2
    coarse_key = F.pad(F.avg_pool2d(key, COARSE_CELLS), (half, half - 1, half, half - 1))
    return F.conv2d(coarse_key, coarse_kernels)[0].amax(0).flatten().topk(SEEDS).indices


def neighbours(rows: int, cols: int) -> Tensor:
    """Of each cell of the coarse map: the map's cell (u, v) at its middle and the eight round that, coarse cells x 9 x 2; off the map,
    those at its rim instead."""
    within = lambda cell, cells: min(max(cell, 0), cells - 1)
    around = [(du, dv) for du in (-1, 0, 1) for dv in (-1, 0, 1)]
    middles = [(u, v) for u in range(0, rows, COARSE_CELLS) for v in range(0, cols, COARSE_CELLS)]
    return torch.tensor([[[within(u + du, rows), within(v + dv, cols)] for du, dv in around] for u, v in middles])


def patches_at(key: Tensor, cells: Tensor, side: int) -> Tensor:
    """What a kernel of `side` x `side` meets at each cell, 0 beyond the map: cells x (side * side * channels)."""
    channels = key.shape[1]
    by_cell = F.pad(key.permute(0, 2, 3, 1), (0, 0, side // 2, side // 2 - 1, side // 2, side // 2 - 1))
    cols = by_cell.shape[2]
    flat = by_cell.reshape(-1, channels)
    count = flat.shape[0] - PIECE + 1
    pieces = torch.cat([flat[i : i + count] for i in range(PIECE)], 1)
    start = torch.tensor([du * cols + dv for du in range(side) for dv in range(0, side, PIECE)])
    index = (cells[:, :1] * cols + cells[:, 1:]) + start
    return pieces[index].flatten(1)
