"""Where the place map is highest, without all of the map: from coarse to fine.

The whole map is the key's features correlated with the query in every rotation (16x16 cells, 36 rotations, 80x40 cells:
0.47 GFLOP, two fifths of a decision). Its maximum is wanted alone. So: the same correlation at half the resolution, in every
third rotation, says where it may be, and round the best of those cells it is computed as it is, in every rotation. The
answer is that of the whole map unless the highest cell lies beside none of the seeds (measured: benchmarks/policy/search.md).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

COARSE_ROTATIONS = 3  # every third rotation is tried
COARSE_CELLS = 2  # on every second cell
SEEDS = 32  # best cells of the coarse map, round which the map is computed
# A patch is read in pieces that lie together in memory: this many cells of a row.
PIECE = 4


def best_place(key: Tensor, kernels: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation [1] and cell [1, 2] of the highest of `correlated(padded key, kernels)`, of a batch of one.

    `key` is 1 x channels x rows x cols, `kernels` rotations x channels x side x side; sample side/2 of a kernel is its middle.
    """
    rows, cols, side = key.shape[2], key.shape[3], kernels.shape[2]
    cells = neighbours(seeds(key, kernels), rows, cols)
    patches = patches_at(key, cells, side)
    values = F.linear(patches, kernels.permute(0, 2, 3, 1).flatten(1))
    rotations = kernels.shape[0]
    best = values.flatten().argmax(0, keepdim=True)
    return best % rotations, cells[best // rotations]


def seeds(key: Tensor, kernels: Tensor) -> Tensor:
    """The cells (u, v), SEEDS x 2 of every second one, where the coarse map is highest in any rotation.

    Half the resolution of both: each of its values is the mean of the map's over 3x3 cells, weighted 1 2 1, so that a
    peak between two of its cells is not overlooked.
    """
    step, side = COARSE_CELLS, kernels.shape[2] // COARSE_CELLS
    coarse_key = F.pad(F.avg_pool2d(key, step), (side // 2, side // 2 - 1, side // 2, side // 2 - 1))
    coarse = F.conv2d(coarse_key, F.avg_pool2d(kernels[::COARSE_ROTATIONS], step))
    best = coarse[0].amax(0).flatten().topk(SEEDS).indices
    cols = key.shape[3] // step
    return torch.stack([best // cols, best % cols], 1) * step


def neighbours(cells: Tensor, rows: int, cols: int) -> Tensor:
    """The cells, N x 2, and the eight round each, 9 N x 2; cells off the map are those at its rim instead."""
    offsets = torch.tensor([[du, dv] for du in (-1, 0, 1) for dv in (-1, 0, 1)])
    around = (cells[:, None] + offsets).reshape(-1, 2)
    return torch.minimum(around.clamp(min=0), torch.tensor([rows - 1, cols - 1]))


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
