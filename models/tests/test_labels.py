"""Labels of a scene, and thresholds that follow from scores."""

from __future__ import annotations

import math
import unittest
from dataclasses import replace

import numpy as np

from cliport_edge import augment, scene as scenes
from cliport_edge.evaluate import fewest_wrong, threshold
from cliport_edge.labels import PlaceLabel, as_published, first_to_move, places_of, sample_of
from cliport_edge.losses import zoom_target

from .dataset_case import WithDataset


class Thresholds(unittest.TestCase):
    def test_what_is_asked_often_weighs_more_than_what_is_asked_once(self):
        # Nine looks with something left to do, three of them doubtful; one at the end, more doubtful than two of those.
        pairs = [(0.9, True)] * 6 + [(0.3, True), (0.4, True), (0.6, True), (0.5, False)]
        self.assertLessEqual(fewest_wrong(pairs), 0.3)
        self.assertGreater(threshold(pairs), 0.3)

    def test_a_threshold_separates_what_can_be_separated(self):
        pairs = [(0.7, True), (0.9, True), (0.2, False), (0.4, False)]
        for chosen in (fewest_wrong(pairs), threshold(pairs)):
            self.assertTrue(0.4 < chosen <= 0.7)

    def test_one_that_only_keeps_back_what_is_hopeless_refuses_nothing_right(self):
        pairs = [(0.05, True), *[(0.9, True)] * 50, (0.5, False), (0.6, False)]
        self.assertLessEqual(threshold(pairs, lost=0.0), 0.05)


class Labels(WithDataset):
    def test_turning_the_scene_turns_its_labels_with_it(self):
        scene = self.scene()
        meaning = scene.own
        turned, _ = augment.turn_and_shift(scene, meaning, math.radians(70), (12.0, -7.0), np.zeros(3))
        for thing in turned.things:
            u, v = np.nonzero(turned.labels == thing.label)
            before = (scene.labels == thing.label).sum()
            if len(u) < 0.98 * before:
                continue  # cut by the border
            self.assertAlmostEqual(u.mean() + 0.5, thing.u, delta=0.8)
            self.assertAlmostEqual(v.mean() + 0.5, thing.v, delta=0.8)

    def test_a_place_label_puts_the_thing_on_its_target_in_the_wanted_yaw(self):
        scene = self.scene()
        thing = next(t for t in scene.things if t.kind == "block")
        place = scenes.Place(thing.label, 1, 100.0, 50.0, thing.yaw + math.radians(43), math.pi / 2)
        meaning = replace(scene.own, picks=(thing.label,), places=(place,), rotations=True)
        pick = (round(thing.u) + 3, round(thing.v) - 4)
        labels = places_of(scene, meaning, pick, thing.label, 36)
        self.assertEqual(len(labels), 4)
        for label in labels:
            self.assertLessEqual(abs(label.residual), math.radians(5) + 1e-9)
            turn = label.residual - math.radians(10 * label.rotation)
            self.assertAlmostEqual((math.degrees(turn) - 43 + 45) % 90, 45, delta=1e-6)
            # The thing's centre, carried along as the arm turns about the cup:
            du, dv = thing.u - pick[0], thing.v - pick[1]
            u = label.u + math.cos(turn) * du + math.sin(turn) * dv
            v = label.v + math.cos(turn) * dv - math.sin(turn) * du
            self.assertAlmostEqual(u, place.u, places=6)
            self.assertAlmostEqual(v, place.v, places=6)

    def test_where_yaw_matters_the_longest_visible_thing_comes_first(self):
        labels = np.repeat(np.array([[1, 2, 3]], np.uint8), 30, 0).repeat(10, 1)
        things = [scenes.Thing(i, "block", "red", 0, 0, 0, (20.0, side)) for i, side in ((1, 30.0), (2, 50.0), (3, 48.0), (4, 90.0))]
        scene = replace(self.scene(), labels=labels, things=tuple(things))
        places = tuple(scenes.Place(i, 9, 0, 0, 0, 0) for i in (1, 2, 3, 4))
        meaning = replace(self.scene().own, picks=(1, 2, 3, 4), places=places, rotations=True)
        self.assertEqual(first_to_move(scene, meaning), (2, 3))
        self.assertEqual(first_to_move(scene, replace(meaning, places=places[:1])), (1,), "what does not fit waits")
        self.assertEqual(first_to_move(scene, replace(meaning, places=())), (2, 3), "where is not known")
        self.assertEqual(first_to_move(scene, replace(meaning, rotations=False)), (1, 2, 3, 4))

    def test_every_place_in_view_is_right_for_the_zoom(self):
        places = [PlaceLabel(110.4, 60.0, 0, 0.0), PlaceLabel(100.0, 50.2, 0, 0.0), PlaceLabel(300.0, 60.0, 0, 0.0)]
        target = zoom_target(places, np.array([90, 40]), 64, 0.7).reshape(64, 64)
        self.assertAlmostEqual(float(target.sum()), 1, places=5)
        self.assertEqual({tuple(at) for at in np.argwhere(target > 0.9 * target.max()).tolist()}, {(20, 20), (10, 10)})

    def test_what_is_named_is_found_only_with_its_place(self):
        scene = self.scene()
        block, other = [t for t in scene.things if (scene.labels == t.label).sum() > 60][:2]
        found = lambda place: sample_of(scene, replace(scene.own, named_pick=(block.label,), named_place=place, named_spots=()), np.zeros(24, np.int64), 36, np.random.default_rng(0)).found
        self.assertEqual([found(None), found((other.label,)), found(())], [1.0, 1.0, 0.0])

    def test_labels_as_published_are_one_pixel_and_one_cell(self):
        scene = self.scene()
        demo = scenes.Demonstration(scenes.Spot(50.5, 40.5), scenes.Spot(200.5, 80.5), math.radians(-33))
        scene = replace(scene, demonstration=demo)
        sample = sample_of(scene, scene.own, np.zeros(24, np.int64), 36, np.random.default_rng(0))
        one = as_published(sample, scene)
        self.assertEqual((one.pick.sum(), one.pick[50, 40], one.pick_cell), (1, 1, (50, 40)))
        self.assertEqual([(p.u, p.v, p.rotation) for p in one.places], [(200.5, 80.5, 3)])
        self.assertEqual((sample.mask_weights.any(), one.mask_weights.any()), (True, False))

    def test_where_yaw_does_not_matter_the_label_is_not_to_turn(self):
        scene = self.scene()
        own = scene.own
        thing = next(t for t in scene.things if t.label == own.picks[0])
        labels = places_of(scene, own, (round(thing.u), round(thing.v)), thing.label, 36)
        self.assertEqual({p.rotation for p in labels}, {0})

    def test_a_finished_scene_has_nothing_left_but_what_it_names(self):
        scene = self.scene(2)
        own = scene.own
        sample = sample_of(scene, own, np.zeros(24, np.int64), 36, np.random.default_rng(0))
        self.assertEqual((sample.remaining, sample.found, sample.known), (0.0, 1.0, (1.0, 1.0)))
        self.assertIsNone(sample.pick)
        self.assertGreater(sample.masks[0].sum(), 0)
        self.assertEqual(sample.masks[2].sum(), 0)


if __name__ == "__main__":
    unittest.main()
