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
        looks = F.avg_pool2d(x.detach(), STRIDE)
        logits = torch.stack([trunk.refers_pick, trunk.valid_pick, trunk.refers_place], 1) / 4
        maps = torch.cat([logits, trunk.features, trunk.reference, looks], 1).detach().float()
        meant, doable, where = (self.candidate(maps, by) for by in range(self.MAPS))
        text = text.detach()
        whole = maps[:, self.MAPS : self.MAPS + trunk.features.shape[1]].mean((2, 3))
        found = self.found(torch.cat([meant, where, text], 1))
        return found[:, 0], self.remaining(torch.cat([meant, doable, whole, text], 1))[:, 0]

    @staticmethod
    def candidate(maps: Tensor, by: int) -> Tensor:
        """All maps' mean over the 3x3 cells where that of map number `by` is highest: one bright cell is noise, nine are a thing."""
        batch, count, _, cols = maps.shape
        best = F.avg_pool2d(maps[:, by : by + 1], 3, 1).flatten(1).argmax(1)
        first = best // (cols - 2) * cols + best % (cols - 2)
        cells = first[:, None] + torch.tensor([du * cols + dv for du in range(3) for dv in range(3)], device=maps.device)
        return maps.flatten(2).gather(2, cells[:, None].expand(batch, count, 9)).mean(2)
