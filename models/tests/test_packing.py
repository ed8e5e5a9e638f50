"""Where things go in a box, and packing scenes that are drawn."""

from __future__ import annotations

import math
import unittest
from dataclasses import replace

import numpy as np

from cliport_edge import boxes, colors, scene as scenes
from cliport_edge.packing import TIGHT_M, Rectangle, best_spots
from cliport_edge.words import split_goal, split_words

from .dataset_case import WithDataset


class Packing(WithDataset):
    def box_of_two(self, packed: bool) -> scenes.Scene:
        """A box turned by 30 degrees for a block of 20 x 20 cells and one of 30 x 20; the first may lie in it."""
        yaw = math.radians(30)
        at = lambda x: (100.0 + math.sin(yaw) * x, 60.0 + math.cos(yaw) * x)
        box = scenes.Thing(9, "box", "brown", 100.0, 60.0, yaw, (58.0, 26.0))
        small = scenes.Thing(3, "block", "red", *(at(-16.0) if packed else (20.0, 20.0)), yaw, (20.0, 20.0))
        large = scenes.Thing(4, "block", "red", 250.0, 60.0, 1.0, (30.0, 20.0))
        return replace(self.scene(), things=(box, small, large), rotations=True)

    def along_box(self, packed: bool, label: int) -> list[int]:
        scene, yaw = self.box_of_two(packed), math.radians(30)
        places = scenes.places_in_box(scene, scene.things[0], (3, 4))
        for place in places:
            self.assertAlmostEqual(math.cos(yaw) * (place.u - 100) - math.sin(yaw) * (place.v - 60), 0, msg="on the middle line", delta=0.1)
            self.assertAlmostEqual((place.yaw - yaw) % (math.pi / 2 if place.thing == 3 else math.pi), 0, msg="along the box", places=6)
        return sorted({round(math.cos(yaw) * (p.v - 60) + math.sin(yaw) * (p.u - 100)) for p in places if p.thing == label})

    def test_an_empty_box_may_be_packed_from_either_end(self):
        self.assertEqual(self.along_box(packed=False, label=4), [-11, 11])

    def test_a_block_that_is_packed_leaves_one_place_for_the_other(self):
        self.assertEqual(self.along_box(packed=True, label=4), [11])

    def test_a_careful_packer_fills_most_of_a_box(self):
        rng, done = np.random.default_rng(3), []
        room = (0.24, 0.19)
        for _ in range(20):
            pieces = sorted(boxes.cut((room[0] - 0.012, room[1] - 0.012), rng), key=lambda p: -max(p))
            taken: list[Rectangle] = []
            for size in pieces:
                spots = best_spots(size, room, taken)
                if not spots:
                    continue
                w, h = size[::-1] if spots[0].across else size
                piece = Rectangle((spots[0].x - w / 2, spots[0].x + w / 2), (spots[0].y - h / 2, spots[0].y + h / 2))
                for side, length in ((piece.x, room[0]), (piece.y, room[1])):
                    self.assertLessEqual(max(-side[0], side[1]) + TIGHT_M, length / 2 + 1e-6, "within the walls")
                for other in taken:
                    apart = max(other.x[0] - piece.x[1], piece.x[0] - other.x[1], other.y[0] - piece.y[1], piece.y[0] - other.y[1])
                    self.assertGreaterEqual(apart, TIGHT_M - 1e-6, "beside the others")
                taken.append(piece)
            area = lambda r: (r.x[1] - r.x[0]) * (r.y[1] - r.y[0])
            done.append(sum(map(area, taken)) / sum(a * b for a, b in pieces))
        self.assertGreater(np.mean(done), 0.93)

    def test_a_drawn_packing_scene_is_what_it_says(self):
        rng = np.random.default_rng(5)
        kinds = set()
        for _ in range(100):
            scene = boxes.draw(rng)
            box, *blocks = scene.things
            words = split_words(scene.goal)
            named = {words[i] for i in split_goal(scene.goal)[0]} & set(colors.SEEN_COLORS)
            for block in blocks:
                cells = scene.labels == block.label
                sides = block.size[0] * block.size[1]
                self.assertAlmostEqual(cells.sum() / sides, 1, delta=0.1, msg="as large as it is said to be, and nothing on it")
                self.assertLess(np.abs(scene.height[cells] - 0.05).max(), 0.004)
                inside = max(abs(at) / side for at, side in zip(scenes.in_frame(box, block.u, block.v), box.size, strict=True)) < 0.5
                self.assertEqual(block.label in scene.picks, block.color in named and not inside)
            for place in scene.own.places:
                self.assertTrue(place.thing in scene.picks and place.target == box.label)
                self.assertLess(max(abs(at) / side for at, side in zip(scenes.in_frame(box, place.u, place.v), box.size, strict=True)), 0.5)
            kinds.add((bool(scene.picks), bool(scene.own.places)))
        self.assertEqual(kinds, {(True, True), (True, False), (False, False)}, "to do, to do but full, and done")


if __name__ == "__main__":
    unittest.main()
