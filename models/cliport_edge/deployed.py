"""The network as it is exported: the same decisions in fewer and cheaper steps.

What depends on the sentence alone, the modulation of every FiLM layer, is computed by text.onnx, once a sentence, instead of by
decide.onnx at every look: the text vector carries it behind the words. What is left of a FiLM layer is one node of the graph.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Film
from .model import Edge


class Deployed(nn.Module):
    """Of a trained net: `text`, `decide` and `maps` as the exported graphs compute them, each for a batch of one."""

    def __init__(self, edge: Edge, exhaustive: bool = False):
        """`exhaustive`: the place is looked for on the whole map; slower, what the search from coarse to fine is measured against."""
        super().__init__()
        self.trained = edge
        self.edge = copy.deepcopy(edge)
        self.exhaustive = exhaustive
        self.films = [module for module in edge.modules() if isinstance(module, Film)]
        sizes = [edge.config.text_size]
        for module in list(self.edge.modules()):
            if isinstance(getattr(module, "film", None), Film):
                module.film = GivenFilm(module.film.out_features // 2)
                sizes += 2 * [module.film.channels]
        self.sizes = sizes

    def text(self, tokens: Tensor) -> Tensor:
        """The words' vector, then factors and shifts of each FiLM layer: 1 x sum(sizes)."""
        words = self.trained.text(tokens)
        return torch.cat([words, *(film.modulation(words) for film in self.films)], 1)

    def decide(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor) -> tuple[Tensor, ...]:
        return self.edge.decide(color, height, self._read(text), suppress, self.exhaustive)

    def maps(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor) -> tuple[Tensor, Tensor]:
        return self.edge.maps(color, height, self._read(text), suppress)

    def _read(self, text: Tensor) -> Tensor:
        """Hands the FiLM layers what is theirs; returns the words' vector."""
        words, *parts = text.flatten().split(self.sizes)
        given = [module for module in self.edge.modules() if isinstance(module, GivenFilm)]
        for film, factor, shift in zip(given, parts[::2], parts[1::2], strict=True):
            film.factor, film.shift = factor, shift
        return words[None]


class GivenFilm(nn.Module):
    """A FiLM layer whose factors and shifts, each [channels], come with the text vector."""

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.factor, self.shift = torch.ones(channels), torch.zeros(channels)

    def forward(self, x: Tensor, _text: Tensor) -> Tensor:
        return affine(x, self.factor, self.shift)


def affine(x: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
    """factor * x + shift, per channel, as one pass: a batch normalization of mean 0 and variance 1."""
    return F.batch_norm(x, torch.zeros_like(factor), torch.ones_like(factor), factor, shift, False, 0.0, 0.0)
