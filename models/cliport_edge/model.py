"""The `edge` architecture.

A heightmap (colour and height, rows x cols) and a sentence become a pick cell, a place cell and a place rotation.

Two streams at a quarter of the resolution, as in CLIPort (Shridhar et al., CoRL 2021): a spatial one (colour and height)
and a semantic one (colour, conditioned on language by FiLM, Perez et al., AAAI 2018), the first fused laterally into the
second. The place is found as in Transporter Networks (Zeng et al., CoRL 2020): features round the pick, cut out and
rotated, are correlated with the features of the whole map. A small zoom net then finds the exact cell.

Coordinates: a cell (u, v) covers [u, u+1) x [v, v+1) in continuous cell coordinates, in which the base frame's
x = x_min + v * pixel and y = y_min + u * pixel. Angles turn v towards u, which is counter-clockwise seen from above.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .completion import Completion
from .layers import Block, Stream, Trunk, at, brightness, correlated, crop_grid, merged, peak, refers
from .network_config import NEVER, STRIDE, EdgeConfig
from .search import best_place
from .text_encoder import TextEncoder
from .zoom import Zoom

PICK_CELLS = 9  # side of the square of cells that a pick's probability is summed over: 28 mm


class Edge(nn.Module):
    def __init__(self, config: EdgeConfig, color_lab: Tensor | None = None):
        super().__init__()
        self.config = config
        c, text_size = config.channels, config.text_size
        self.text = TextEncoder(config, torch.zeros(config.vocabulary, 4) if color_lab is None else color_lab)
        self.spatial = Stream(4, c)
        self.semantic = Stream(3, c, text_size, lateral=True)
        self.reference = nn.Conv2d(c, config.reference_channels, 1)
        self.reference_pick = nn.Linear(config.embedding, config.reference_channels + 1)
        self.reference_place = nn.Linear(config.embedding, config.reference_channels + 1)
        self.mix = nn.Conv2d(2 * c + 2, c, 1)
        self.fused = Block(c, text_size)
        self.valid = nn.Conv2d(c, 2, 1)
        self.pick_head = nn.Conv2d(c, STRIDE * STRIDE, 1)
        self.key = nn.Conv2d(c, config.key_channels, 1)
        self.query = nn.Conv2d(c, config.key_channels, 1)
        self.remaining_head = nn.Linear(c + 2, 1)
        self.zoom = Zoom(config)
        self.completion = Completion(config)
        with torch.no_grad():  # start from "the map's maximum decides"
            self.remaining_head.weight.zero_()
            self.remaining_head.weight[0, 0] = 1
            self.remaining_head.bias.zero_()
            self.valid.bias.fill_(-3)

    @classmethod
    def normalize(cls, color: Tensor, height: Tensor) -> Tensor:
        """color uint8 [B, rows, cols, 3] and height [B, rows, cols] in metres to the net's input [B, 4, rows, cols]."""
        z = height.clamp(0, 0.28) * 20 - 0.3
        return torch.cat([cls.normalize_color(color), z[:, None]], 1)

    @staticmethod
    def normalize_color(color: Tensor) -> Tensor:
        return color.permute(0, 3, 1, 2).float() * (4 / 255) - 1.4

    def trunk(self, x: Tensor, text: Tensor, rgb: Tensor | None = None) -> Trunk:
        """`rgb`: the first three of x, where they are at hand; a graph then need not cut them out again."""
        without = self.config.without
        silent = lambda part, *maps: tuple(m * 0 for m in maps) if part in without else maps
        (text,) = silent("language", text)
        spatial = silent("spatial", *self.spatial(x))
        semantic = self.semantic(x[:, :3] if rgb is None else rgb, text, silent("laterals", *spatial))
        (semantic,) = silent("semantic", semantic[1])
        size = self.config.embedding
        reference = self.reference(semantic)
        this, where, _, that = text.split(size, 1)
        meant = torch.stack([self.reference_pick(this), self.reference_pick(that), self.reference_place(where)], 1)
        maps = refers(reference, meant)
        pick, place = torch.maximum(maps[:, 0], maps[:, 1]), maps[:, 2]
        words = torch.tanh(torch.stack([pick, place], 1) / 4)
        features = self.fused(merged(self.mix, spatial[1], semantic, words), text)
        valid_pick, valid_place = self.valid(features).unbind(1)
        seen, doable = peak(pick), peak(valid_pick)
        remaining = self.remaining_head(torch.cat([doable, seen, features.mean((2, 3))], 1))
        return Trunk(features, pick, place, valid_pick, valid_place, reference, remaining[:, 0])

    def pick(self, features: Tensor) -> Tensor:
        """Logits of the pick, batch x rows x cols."""
        return F.pixel_shuffle(self.pick_head(features), STRIDE)[:, 0]

    @staticmethod
    def middle(logits: Tensor, suppress: Tensor) -> Tensor:
        """Probability of the pick that lies round every cell: highest in the middle of what may be picked, where a grasp
        bears being off by most."""
        probability = logits.flatten(1).softmax(1).view_as(logits)
        return F.avg_pool2d(probability[:, None], PICK_CELLS, 1, PICK_CELLS // 2)[:, 0] - suppress

    def place(self, features: Tensor, pick: Tensor, rotations: Tensor) -> Tensor:
        """Logits of the place, batch x rotations x rows/4 x cols/4.

        `pick` is batch x 2 in continuous cells (u, v); `rotations` is batch x R indices: index i turns by -i * 10 degrees.
        """
        crop = self.config.crop
        query, key = self.query(features).contiguous(), self.key(features).contiguous()
        batch, count = rotations.shape
        angle = rotations.to(features.dtype) * (2 * math.pi / self.config.rotations)
        # The place frame's offset d lay at R(+angle) d round the pick, before the object was turned by -angle.
        # Sample crop/2 is the pick itself, and falls on a key cell's middle.
        grid = crop_grid(pick[:, None] / STRIDE, angle, crop, query.shape[2], query.shape[3], crop / 2)
        kernels = F.grid_sample(query / crop, grid.view(batch, count * crop, crop, 2), align_corners=False)
        padded = F.pad(key, (crop // 2, crop // 2 - 1, crop // 2, crop // 2 - 1))
        return correlated(padded, kernels.view(batch, -1, count, crop, crop).transpose(1, 2))

    def decide(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor, exhaustive: bool = False) -> tuple[Tensor, ...]:
        """The whole decision for a batch of one, arg-max included; what decide.onnx computes.

        `exhaustive`: the place is looked for on the whole map, instead of from coarse to fine (search.py).
        """
        x = self.normalize(color, height)
        trunk = self.trunk(x, text, self.normalize_color(color))
        pick, _ = self._picked(trunk, suppress)
        rotation, coarse = self._placed(trunk, pick, exhaustive)
        if self.config.zooms:
            cell, turn = self._exact(x, text, pick, rotation, coarse)
        else:
            cell, turn = coarse[0] * STRIDE + STRIDE // 2, torch.zeros(1)
        pick_cell = pick[0].long()
        found, remaining = self.completion(x, trunk, text)
        return (
            pick_cell,
            cell,
            rotation,
            turn,
            at(trunk.valid_pick, pick_cell // STRIDE).sigmoid(),
            at(trunk.valid_place, coarse[0], around=True).sigmoid(),
            remaining.sigmoid(),
            found.sigmoid(),
        )

    def _exact(self, x: Tensor, text: Tensor, pick: Tensor, rotation: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """The place's cell, and the turn beyond the rotation."""
        size = self.config.zoom_cells
        angle = rotation.to(x.dtype) * (2 * math.pi / self.config.rotations)
        offsets, turn = self.zoom(x, pick, angle, coarse, text)
        best = offsets.flatten().argmax(0, keepdim=True)
        offset = torch.cat([best // size, best % size]) - (size // 2 - STRIDE // 2)
        limit = torch.tensor([self.config.rows - 1, self.config.cols - 1])
        return torch.minimum((coarse[0] * STRIDE + offset).clamp(min=0), limit), turn

    def maps(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor) -> tuple[Tensor, Tensor]:
        """Pick and place maps of a batch of one for people to look at, rows x cols, largest value 1."""
        trunk = self.trunk(self.normalize(color, height), text)
        pick, pick_logits = self._picked(trunk, suppress)
        place = self.place(trunk.features, pick, self._rotations())
        coarse = place[0].amax(0)[None, None]
        fine = F.interpolate(coarse, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)[0, 0]
        return brightness(pick_logits[0]), brightness(fine)

    def _picked(self, trunk: Trunk, suppress: Tensor) -> tuple[Tensor, Tensor]:
        """The pick, [1, 2] in continuous cells, and its logits."""
        logits = self.pick(trunk.features) + suppress * NEVER
        best = self.middle(logits, suppress).flatten().argmax(0, keepdim=True)
        return torch.stack([best // self.config.cols, best % self.config.cols], 1).to(logits.dtype), logits

    def _placed(self, trunk: Trunk, pick: Tensor, exhaustive: bool) -> tuple[Tensor, Tensor]:
        """Rotation index [1] and cell of the trunk [1, 2]."""
        if not exhaustive:
            query, crop = self.query(trunk.features), self.config.crop
            return best_place(self.key(trunk.features), query / crop, pick / STRIDE, self.config.rotations, crop)
        place = self.place(trunk.features, pick, self._rotations())
        rows, cols = place.shape[2:]
        best = place.flatten().argmax(0, keepdim=True)
        return best // (rows * cols), torch.stack([best // cols % rows, best % cols], 1)

    def _rotations(self) -> Tensor:
        return torch.arange(self.config.rotations)[None]
