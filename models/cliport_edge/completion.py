"""The completion head: is what the sentence names in view, and is anything left to do?"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Trunk
from .network_config import STRIDE, EdgeConfig


class Completion(nn.Module):
    """Looks at the best candidates alone, colour and features beside the words, and says whether they are what is meant.

    `found`: what is to be moved is on the table, and so is the place, where the sentence names one.
    """

    MAPS = 3  # of logits

    def __init__(self, config: EdgeConfig, hidden: int = 96):
        super().__init__()
        candidate = self.MAPS + config.channels + config.reference_channels + 4
        decision = lambda inputs: nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.found = decision(2 * candidate + config.text_size)
        self.remaining = decision(2 * candidate + config.channels + config.text_size)

    def forward(self, x: Tensor, trunk: Trunk, text: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of found and remaining, [B]. Nothing of it reaches the trunk: the maps stay what they are."""
        logits = torch.stack([trunk.refers_pick, trunk.valid_pick, trunk.refers_place], 1) / 4
        maps = torch.cat([logits, trunk.features, trunk.reference], 1).detach().float()
        meant, doable, where = self.candidates(maps, x.detach()).unbind(1)
        text = text.detach()
        whole = trunk.features.detach().float().mean((2, 3))
        found = self.found(torch.cat([meant, where, text], 1))
        return found[:, 0], self.remaining(torch.cat([meant, doable, whole, text], 1))[:, 0]

    @classmethod
    def candidates(cls, maps: Tensor, x: Tensor) -> Tensor:
        """All maps' mean over the 3x3 cells where one of the first, the logits, is highest, and the input's mean there: batch x MAPS x
        (maps + 4). One bright cell is noise, nine are a thing."""
        cols = maps.shape[3]
        best = F.avg_pool2d(maps[:, : cls.MAPS], 3, 1).flatten(2).argmax(2)  # batch x MAPS
        u, v = best // (cols - 2), best % (cols - 2)
        return torch.cat([mean_of_square(maps, u, v, 3), mean_of_square(x, u * STRIDE, v * STRIDE, 3 * STRIDE)], 2)


def mean_of_square(maps: Tensor, u: Tensor, v: Tensor, side: int) -> Tensor:
    """Of maps [B, channels, rows, cols], over the squares that begin at cells (u, v), each [B, N]: [B, N, channels]."""
    batch, channels, _, cols = maps.shape
    within = torch.tensor([du * cols + dv for du in range(side) for dv in range(side)], device=maps.device)
    cells = (u * cols + v)[:, :, None] + within
    values = maps.flatten(2).gather(2, cells.flatten(1)[:, None].expand(batch, channels, -1))
    return values.unflatten(2, (-1, side * side)).mean(3).transpose(1, 2)
