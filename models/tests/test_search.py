"""The search for the place, from coarse to fine, beside the whole map."""

from __future__ import annotations

import math
import unittest

import torch
import torch.nn.functional as F

from cliport_edge import search
from cliport_edge.deployed import Deployed
from cliport_edge.layers import correlated, crop_grid
from cliport_edge.model import Edge
from cliport_edge.network_config import EdgeConfig

torch.set_num_threads(1)
ROWS, COLS, SIDE, CHANNELS, ROTATIONS = 80, 40, 16, 8, 36
PICK = torch.tensor([[37.25, 18.5]])


def smooth(*shape: int) -> torch.Tensor:
    """Noise without what is finer than three cells, as features are."""
    return F.avg_pool2d(torch.randn(shape), 3, 1, 1, count_include_pad=False)


def kernels_of(query: torch.Tensor) -> torch.Tensor:
    """Rotations x channels x side x side, each turned on its own."""
    angle = torch.arange(ROTATIONS)[None] * (2 * math.pi / ROTATIONS)
    grid = crop_grid(PICK[:, None], angle, SIDE, ROWS, COLS, SIDE / 2)
    return F.grid_sample(query, grid.flatten(1, 2), align_corners=False).view(CHANNELS, ROTATIONS, SIDE, SIDE).transpose(0, 1)


def whole_map(key: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    half = SIDE // 2
    return correlated(F.pad(key, (half, half - 1, half, half - 1)), kernels[None])[0]


class Search(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(5)
        self.query = smooth(1, CHANNELS, ROWS, COLS)
        self.kernels = kernels_of(self.query)

    def planted(self, u: int, v: int, rotation: int) -> torch.Tensor:
        """A key in which the kernel of that rotation lies at cell (u, v), cut off at the rim."""
        padded = smooth(1, CHANNELS, ROWS + SIDE, COLS + SIDE)
        padded[0, :, u : u + SIDE, v : v + SIDE] += 3 * self.kernels[rotation]
        return padded[:, :, SIDE // 2 : SIDE // 2 + ROWS, SIDE // 2 : SIDE // 2 + COLS]

    def test_it_finds_the_highest_cell_of_the_whole_map_wherever_that_lies(self):
        for u, v, rotation in [(0, 0, 0), (79, 39, 35), (0, 39, 4), (31, 17, 10), (32, 16, 20), (45, 22, 27), (78, 1, 11)]:
            key = self.planted(u, v, rotation)
            found_rotation, found_cell = search.best_place(key, self.query, PICK, ROTATIONS, SIDE)
            found = torch.tensor([int(found_rotation), *found_cell[0].tolist()])
            highest = whole_map(key, self.kernels).flatten().argmax()
            self.assertEqual(highest, found @ torch.tensor([ROWS * COLS, COLS, 1]), (u, v, rotation))

    def test_samples_of_a_quarter_turn_are_the_kernels_of_every_rotation(self):
        samples = search.turned(self.query, PICK, ROTATIONS, SIDE)
        kernels = search.kernels(samples, ROTATIONS, SIDE).view(ROTATIONS, SIDE, SIDE, CHANNELS).permute(0, 3, 1, 2)
        torch.testing.assert_close(kernels, self.kernels, atol=1e-4, rtol=0)
        torch.testing.assert_close(search.coarse_kernels(samples, ROTATIONS, SIDE), F.avg_pool2d(self.kernels[::3], 2), atol=1e-4, rtol=0)

    def test_a_patch_is_what_a_kernel_meets_at_a_cell(self):
        key = smooth(1, CHANNELS, ROWS, COLS)
        cells = torch.tensor([[0, 0], [79, 39], [12, 39], [40, 21]])
        values = search.patches_at(key, cells, SIDE) @ self.kernels.permute(0, 2, 3, 1).flatten(1).T
        expected = whole_map(key, self.kernels)[:, cells[:, 0], cells[:, 1]].T
        torch.testing.assert_close(values, expected, atol=1e-3, rtol=1e-4)


class DeployedNet(unittest.TestCase):
    def test_a_sentence_read_beforehand_decides_as_in_the_trained_net(self):
        torch.manual_seed(2)
        edge = Edge(EdgeConfig(vocabulary=40)).eval()
        deployed = Deployed(edge)
        color, height = torch.randint(0, 255, (1, 320, 160, 3), dtype=torch.uint8), torch.rand(1, 320, 160) * 0.1
        suppress = torch.zeros(1, 320, 160)
        with torch.no_grad():
            for tokens in (torch.tensor([[2, 3, 4, 0]]), torch.tensor([[9, 8, 7, 6]])):
                ours = deployed.decide(color, height, deployed.text(tokens), suppress)
                theirs = edge.decide(color, height, edge.text(tokens), suppress)
                for a, b in zip(ours, theirs, strict=True):
                    torch.testing.assert_close(a, b)


if __name__ == "__main__":
    unittest.main()
