"""The agent as the graphs of a policy package: the same sums as agent.py, in an order that takes less time and memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .agent import Agent
from .correlation import Correlation
from .fused import FusedStreams
from .normalize import raw_cells
from .rotation import rotated_grid

# Below every logit: a cell where a pick has failed is chosen only when there is no other.
SUPPRESSED = -1e30


class TextGraph(nn.Module):
    """Tokens to the vectors of every distinct text encoder, side by side; one zero where the agent reads no text."""

    def __init__(self, agent: Agent):
        super().__init__()
        self.encoders = nn.ModuleList()
        self.slot_of: list[int] = []
        """Which of the vectors each of the three networks takes."""
        for network in agent.networks:
            if network.semantic is None:
                continue
            clip = network.semantic.clip_rn50
            same = (i for i, other in enumerate(self.encoders) if has_same_text(clip, other))
            slot = next(same, len(self.encoders))
            if slot == len(self.encoders):
                self.encoders.append(clip)
            self.slot_of.append(slot)

    def forward(self, tokens: Tensor) -> Tensor:
        if len(self.encoders) == 0:
            return tokens[:, :1].float() * 0
        return torch.cat([clip.encode_text(tokens) for clip in self.encoders], dim=1)


def has_same_text(a: nn.Module, b: nn.Module) -> bool:
    """Whether two copies of CLIP read text alike."""
    others = b.state_dict()
    return all(torch.equal(value, others[name]) for name, value in a.state_dict().items() if not name.startswith("visual."))


class _Part(nn.Module):
    def __init__(self, agent: Agent, slots: list[int]):
        super().__init__()
        self.sizes = agent.sizes
        self.slots = slots

    def _text(self, text: Tensor, network: int) -> Tensor | None:
        if not self.slots:
            return None
        size = self.sizes.text_embedding
        return text[:, self.slots[network] * size : (self.slots[network] + 1) * size]

    def _pixel(self, cell: Tensor) -> Tensor:
        """Index of a cell, 1, to row and column, 2."""
        row = torch.div(cell, self.sizes.cols, rounding_mode="floor")
        return torch.cat([row, cell - row * self.sizes.cols])


class AttentionGraph(_Part):
    """Where to pick."""

    def __init__(self, agent: Agent, slots: list[int]):
        super().__init__(agent, slots)
        self.streams = FusedStreams(agent.attention)

    def forward(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor):
        s = self.sizes
        rows, cols = s.attention_pad
        x = F.pad(raw_cells(color, height), [cols, cols, rows, rows])
        logits = self.streams(x, self._text(text, 0))[0, 0, rows : rows + s.rows, cols : cols + s.cols]
        allowed = torch.where(suppress[0] > 0.5, torch.full_like(logits, SUPPRESSED), logits).reshape(1, -1)
        cell = allowed.argmax(dim=1)
        probabilities = torch.softmax(allowed, dim=1)
        most = probabilities.amax(dim=1)
        return self._pixel(cell), most, (probabilities / most).reshape(s.rows, s.cols), logits


class TransportGraph(_Part):
    """Where to place, and how far to turn."""

    def __init__(self, agent: Agent, slots: list[int]):
        super().__init__(agent, slots)
        s = agent.sizes
        self.key, self.query = FusedStreams(agent.key), FusedStreams(agent.query)
        self.correlation = Correlation(s.rows + 2 * s.pad, s.cols + 2 * s.pad, s.crop, s.pad)

    def _crops(self, padded: Tensor, pick: Tensor) -> Tensor:
        """The turned crops alone, all in one sampling: rotations x 6 x crop x crop."""
        s = self.sizes
        pivot = pick.to(padded.dtype) + s.pad
        around = torch.arange(s.crop, dtype=padded.dtype) - s.pad
        height, width = s.rows + 2 * s.pad, s.cols + 2 * s.pad
        grid = rotated_grid(pivot, s.rotations, pivot[0] + around, pivot[1] + around, height, width)
        rows = grid.reshape(1, s.rotations * s.crop, s.crop, 2)
        crops = F.grid_sample(padded, rows, mode="bilinear", padding_mode="zeros", align_corners=False)
        return crops.reshape(6, s.rotations, s.crop, s.crop).transpose(0, 1)

    def forward(self, color: Tensor, height: Tensor, text: Tensor, pick_pixel: Tensor):
        s = self.sizes
        padded = F.pad(raw_cells(color, height), [s.pad] * 4)
        query = self.query(self._crops(padded, pick_pixel), self._text(text, 2))
        key = self.key(padded, self._text(text, 1))
        logits = self.correlation(key, query)
        flat = logits.reshape(1, -1)
        best = flat.argmax(dim=1)
        cells = s.rows * s.cols
        rotation = torch.div(best, cells, rounding_mode="floor")
        probabilities = torch.softmax(flat, dim=1)
        most = probabilities.amax(dim=1)
        place_map = (probabilities / most).reshape(s.rotations, s.rows, s.cols).amax(dim=0)
        return self._pixel(best - rotation * cells), rotation, most, place_map, logits
