"""The sentence to a vector: what to pick, where to place."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network_config import NEVER, EdgeConfig


class TextEncoder(nn.Module):
    """Words to one vector: what to pick, where to place, the sentence as a whole, and what else to pick ("red and blue").

    Colour words are embedded through their colour and all others through a table, so that colour is a space: a name
    that no demonstration used still lies between its neighbours.
    """

    def __init__(self, config: EdgeConfig, color_lab: Tensor):
        super().__init__()
        size = config.embedding
        self.table = nn.Embedding(config.vocabulary, size, padding_idx=0)
        self.register_buffer("color_lab", color_lab)  # vocabulary x 4: L, a, b scaled to about -1..1, and 1 for a colour
        self.color = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, size))
        self.context = nn.ModuleList([nn.Conv1d(size, size, 5, padding=2) for _ in range(2)])
        self.attention = nn.Linear(size, 3)
        self.summary = nn.Linear(size, size)

    def words(self) -> Tensor:
        """One embedding a word of the vocabulary."""
        is_color = self.color_lab[:, 3:]
        return torch.where(is_color > 0, self.color(self.color_lab), self.table.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.encode(tokens)[0]

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The vector, batch x text_size, and how much each word counts (logits) for what to pick, where to place, and what else
        to pick, which is the same thing where the sentence names no other."""
        word = F.embedding(tokens, self.words())
        there = (tokens > 0).unsqueeze(2).to(word.dtype)
        h = word * there
        for layer in self.context:
            h = (h + F.relu(layer(h.transpose(1, 2)).transpose(1, 2))) * there
        weight = self.attention(h) + (1 - there) * NEVER  # batch x words x 3
        slots = weight.softmax(1).transpose(1, 2) @ word
        summary = F.relu(self.summary(h.sum(1) / there.sum(1).clamp(min=1)))
        return torch.cat([slots[:, 0], slots[:, 1], summary, slots[:, 2]], 1), weight
