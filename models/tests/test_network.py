"""The `edge` network."""

from __future__ import annotations

import math
import unittest

import torch

from cliport_edge.model import Edge
from cliport_edge.network_config import EdgeConfig
from cliport_edge.zoom import Edges, Slide

torch.set_num_threads(1)


class Net(unittest.TestCase):
    def net(self):
        torch.manual_seed(3)
        return Edge(EdgeConfig(vocabulary=40)).eval()

    def test_the_place_map_is_highest_where_the_turned_surroundings_of_the_pick_are(self):
        """Key and query see the same single feature: an L-shaped mark and its copy turned by rotation index 9."""
        net = self.net()
        features = torch.zeros(1, 40, 80, 40)
        mark = [(0, 0), (-1, 0), (-2, 0), (-3, 0), (0, 1), (0, 2)]
        turn = -math.radians(90)
        for du, dv in mark:
            features[0, 0, 20 + du, 10 + dv] = 1
            tu, tv = math.cos(turn) * du + math.sin(turn) * dv, math.cos(turn) * dv - math.sin(turn) * du
            features[0, 0, 60 + round(tu), 25 + round(tv)] = 1
        with torch.no_grad():
            for head in (net.key, net.query):
                head.weight.zero_()
                head.bias.zero_()
                head.weight[:, 0] = 1
            features[0, 0] -= 0.05
            place = net.place(features, torch.tensor([[20.5 * 4, 10.5 * 4]]), torch.arange(36)[None])
        place[0, :, 10:30, :] = -1e9  # not the mark itself
        rotation, cell = divmod(int(place.flatten().argmax()), 80 * 40)
        self.assertIn(rotation, (8, 9, 10))
        self.assertLessEqual(abs(cell // 40 - 60) + abs(cell % 40 - 25), 1)

    def test_edges_tell_by_how_much_one_rectangle_is_turned_from_another(self):
        offset = torch.arange(64) - 31.5

        def height(turn, half):  # of a block, its rim blurred as a map's cells blur it
            along = [math.cos(turn) * offset[None] + math.sin(turn) * offset[:, None], math.cos(turn) * offset[:, None] - math.sin(turn) * offset[None]]
            inside = [torch.sigmoid((h - a.abs()) * 2) for h, a in zip(half, along)]
            return (inside[0] * inside[1])[None, None]

        edges = Edges(64)
        for degrees in (-14, -3, 0, 7, 20):
            place, pick = height(math.radians(30), (20, 11)), height(math.radians(30 - degrees), (12, 6))
            real, imaginary = edges(place, pick)[0].unflatten(0, (2, 3, 3))
            between = torch.atan2(imaginary, real) / 4
            self.assertLess((between - math.radians(degrees)).abs().max(), math.radians(0.5))
        self.assertEqual(float(edges(torch.zeros(1, 1, 64, 64), pick).abs().max()), 0, "nothing there says nothing")

    def test_what_is_slid_over_the_place_moves_with_it(self):
        torch.manual_seed(3)
        slide = Slide(EdgeConfig(vocabulary=10)).eval()
        slide.room[3].bias.data.zero_()
        place, pick = torch.zeros(1, 4, 64, 64), torch.rand(1, 4, 64, 64)
        place[:, :, 26:34, 20:30] = torch.rand(1, 4, 8, 10)
        with torch.no_grad():
            here, there = slide(place, pick), slide(place.roll((6, 4), (2, 3)), pick)
        self.assertEqual(here.shape, (1, 6, 32, 32))
        inner = slice(8, 24)
        self.assertGreater(float(here[:, :, inner, inner].std()), 0.01)
        torch.testing.assert_close(there[:, :, 11:24, 10:24], here[:, :, 8:21, 8:22], atol=1e-5, rtol=0)
        self.assertEqual(float(here[:, :, :8].abs().max()), 0, "out of reach")

    def test_either_of_two_colours_is_meant(self):
        net = self.net()
        x = torch.rand(1, 4, 320, 160)
        with torch.no_grad():
            red, blue = torch.randn(2, 1, net.config.embedding).unbind(0)
            where, whole = torch.zeros_like(red), torch.zeros_like(red)
            refers = lambda this, that: net.trunk(x, torch.cat([this, where, whole, that], 1)).refers_pick
            for film in (module.film for module in net.modules() if getattr(module, "film", None) is not None):
                film.weight.data.zero_()  # the features are those of any sentence
            torch.testing.assert_close(refers(red, blue), torch.maximum(refers(red, red), refers(blue, blue)))

    def test_no_pick_is_proposed_where_it_is_suppressed(self):
        net = self.net()
        color, height = torch.randint(0, 255, (1, 320, 160, 3), dtype=torch.uint8), torch.rand(1, 320, 160) * 0.1
        with torch.no_grad():
            text = net.text(torch.tensor([[2, 3, 4, 0, 0]]))
            suppress = torch.zeros(1, 320, 160)
            first = net.decide(color, height, text, suppress)[0]
            u, v = first.tolist()
            suppress[0, max(0, u - 5) : u + 6, max(0, v - 5) : v + 6] = 1
            second = net.decide(color, height, text, suppress)[0]
        self.assertNotEqual(first.tolist(), second.tolist())
        self.assertEqual(float(suppress[0, second[0], second[1]]), 0)

    def test_a_part_of_the_trunk_that_is_left_out_says_nothing(self):
        color, height = torch.randint(0, 255, (1, 320, 160, 3), dtype=torch.uint8), torch.rand(1, 320, 160) * 0.1
        other = height.flip(1)
        picks = lambda edge, height, text: edge.pick(edge.trunk(edge.normalize(color, height), text).features)
        alike = lambda a, b: bool(torch.allclose(a, b, atol=1e-6))
        torch.manual_seed(0)
        whole = Edge(EdgeConfig(vocabulary=20)).eval()
        for without in ((), ("spatial",), ("semantic",), ("language",), ("laterals",)):
            torch.manual_seed(0)
            edge = Edge(EdgeConfig(vocabulary=20, without=without)).eval()
            texts = [edge.text(torch.full((1, 8), word)) for word in (3, 4)]
            with torch.no_grad():
                sees_height = not alike(picks(edge, height, texts[0]), picks(edge, other, texts[0]))
                same = torch.equal(picks(edge, height, texts[0]), picks(whole, height, whole.text(torch.full((1, 8), 3))))
                hears = not alike(picks(edge, height, texts[0]), picks(edge, height, texts[1]))
            self.assertEqual((sees_height, hears), ("spatial" not in without, "language" not in without), without)
            self.assertEqual(same, without == (), without)
        with self.assertRaisesRegex(SystemExit, "no part depth; there are spatial"):
            EdgeConfig(vocabulary=20, without=("depth",))

    def test_padding_does_not_change_what_a_sentence_means(self):
        net = self.net()
        with torch.no_grad():
            short = net.text(torch.tensor([[5, 6, 7, 8]]))
            long = net.text(torch.tensor([[5, 6, 7, 8, 0, 0, 0, 0, 0]]))
        torch.testing.assert_close(short, long)


if __name__ == "__main__":
    unittest.main()
