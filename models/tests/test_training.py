"""python -m unittest discover -s models/tests -t models"""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cliport_edge import augment, boxes, colors, scene as scenes
from cliport_edge.evaluate import fewest_wrong, threshold
from cliport_edge.episodes import Cache, EpisodeError, build_cache, read_episode
from cliport_edge.labels import PlaceLabel, as_published, longest, places_of, sample_of, slots_of
from cliport_edge.model import Edge, EdgeConfig, Edges, Slide
from cliport_edge.train import Dataset, TrainConfig, batches, first_of_each_task, train, zoom_target
from cliport_edge.packing import TIGHT_M, Rectangle, best_spots
from cliport_edge.words import FILLERS, Tokenizer, goal_sentence, split_goal, split_words

from . import synthetic

torch.set_num_threads(1)


def silently(call, *args, **kwargs):
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args, **kwargs)


class WithDataset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.folder = Path(cls._folder.name)
        synthetic.write_dataset(cls.folder / "data", 4)
        silently(build_cache, [cls.folder / "data"], cls.folder / "cache")
        cls.cache = Cache(cls.folder / "cache")

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def scene(self, index=0):
        c = self.cache
        return scenes.scene_of(c.samples[index], c.color[index], c.height[index], c.labels[index])


class Episodes(WithDataset):
    def test_every_observation_of_every_episode_is_in_the_cache(self):
        self.assertEqual(len(self.cache), 12)
        color, height, labels = synthetic.draw(self.cache.samples[0]["truth"]["objects"])
        np.testing.assert_array_equal(self.cache.color[0], color)
        np.testing.assert_array_equal(self.cache.labels[0], labels)
        np.testing.assert_allclose(self.cache.height[0], height, atol=1e-4)

    def test_a_file_that_was_cut_off_is_named(self):
        whole = next((self.folder / "data").glob("*.mcap")).read_bytes()
        short = self.folder / "short.mcap"
        short.write_bytes(whole[: len(whole) // 2])
        with self.assertRaisesRegex(EpisodeError, "short.mcap"):
            read_episode(short)

    def test_a_flipped_byte_in_the_data_is_noticed(self):
        data = bytearray(next((self.folder / "data").glob("*.mcap")).read_bytes())
        data[len(data) // 3] ^= 0xFF
        (self.folder / "flipped.mcap").write_bytes(data)
        with self.assertRaisesRegex(EpisodeError, "flipped.mcap"):
            read_episode(self.folder / "flipped.mcap")

    def test_a_corrupt_file_is_skipped_and_the_others_are_read(self):
        folder = synthetic.write_dataset(self.folder / "mixed", 2)
        (folder / "000009-18.mcap").write_bytes(b"not an episode")
        summary = silently(build_cache, [folder], self.folder / "mixed-cache")
        self.assertEqual(summary["episodes"], 2)
        self.assertRegex(summary["skipped"][0], "000009-18.mcap")


class Meanings(WithDataset):
    def test_our_reading_of_the_recorded_sentence_is_the_truth_of_the_cell(self):
        for index in range(len(self.cache)):
            scene = self.scene(index)
            own = scene.own
            words = split_words(scene.goal)
            pick, place = (words[part[0]] for part in split_goal(scene.goal))
            ours = scenes.blocks_to_bowls(scene, pick, place, scene.goal)
            self.assertEqual(set(ours.picks), set(own.picks))
            self.assertEqual(set(ours.named_pick), set(own.named_pick))
            self.assertEqual(ours.remaining, own.remaining)
            self.assertEqual({(p.thing, p.target) for p in ours.places}, {(p.thing, p.target) for p in own.places})

    def test_a_sentence_about_something_absent_leaves_nothing_to_pick(self):
        rng = np.random.default_rng(0)
        scene = self.scene()
        shown = {t.color for t in scene.things if t.kind == "block"}
        for _ in range(200):
            for meaning in (scenes.other_bowls(scene, rng, "pick"), scenes.own_absent(scene, rng)):
                self.assertEqual((meaning.named_pick, meaning.picks, meaning.remaining), ((), (), False))
                words = split_words(meaning.sentence)
                said = {words[i] for i in split_goal(meaning.sentence)[0]}
                self.assertFalse(said & (shown | set(colors.UNSEEN_COLORS)), meaning.sentence)
        sentences = [scenes.own_absent(scene, rng).sentence for _ in range(20)]
        self.assertEqual({" and " in sentence.split(" bowl")[0] for sentence in sentences}, {True, False}, "one colour, or two at once")

    def test_a_caption_means_what_its_words_fit(self):
        rng = np.random.default_rng(4)
        scene = replace(self.scene(), task="captioned-scenes-full-colors")
        for _ in range(200):
            meaning = scenes.caption(scene, rng)
            words = split_words(meaning.sentence)
            pick, place = ([words[i] for i in part] for part in split_goal(meaning.sentence))
            named = scenes.labels_of(scenes.referents(scene, pick))
            # A thing that is named as the place is not to be picked up.
            self.assertEqual(set(meaning.picks), set(named) - set(meaning.named_place or ()) if place else set(named), meaning.sentence)
            self.assertTrue(meaning.picks)
            self.assertEqual(meaning.places, ())

    def test_recolouring_changes_names_cells_and_sentence_together(self):
        rng = np.random.default_rng(1)
        scene = self.scene()
        recolored = scenes.recolor(scene, rng, 1.0)
        changed = {t.label for t, old in zip(recolored.things, scene.things, strict=True) if t.color != old.color}
        self.assertTrue(changed)
        for thing, old in zip(recolored.things, scene.things, strict=True):
            cells = scene.labels == thing.label
            shown = recolored.color[cells].mean(0)
            looks = [np.array(look) * 0.93 + 9 for look in colors.looks_of(thing.color)]
            kept = [scene.color[cells].mean(0)] if thing.color == old.color else []
            self.assertLess(min(np.abs(shown - look).max() for look in looks + kept), 3, thing)
        table = scene.labels == 0
        np.testing.assert_array_equal(recolored.color[table], scene.color[table])
        color_of = {t.label: t.color for t in recolored.things}
        self.assertIn(color_of[recolored.own.named_pick[0]], recolored.own.sentence)
        self.assertIn(color_of[recolored.own.named_place[0]], recolored.own.sentence)

    def test_demonstrations_never_get_a_colour_that_only_tests_show(self):
        for name in colors.DEMONSTRATED:
            for unseen in colors.UNSEEN_COLORS:
                self.assertNotIn(unseen, name.split())
                self.assertGreater(min(colors.distance_to_look(name, look) for look in colors.looks_of(unseen)), 20)

    def test_no_name_that_is_held_out_is_trained(self):
        self.assertGreater(len(colors.TRAINED), 300)
        self.assertFalse([name for name in colors.TRAINED if colors.is_held_out(name)])

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

    def test_the_lightest_step_lies_at_minus_y_of_the_stand(self):
        stand = scenes.Thing(9, "stand", "brown", 100.0, 60.0, 0.0, (48.0, 16.0))
        spots = [scenes.step_spots(replace(self.scene(), things=(stand,)), step)[0] for step in range(3)]
        self.assertEqual([(spot.u, spot.v) for spot in spots], [(84.0, 60.0), (100.0, 60.0), (116.0, 60.0)])

    def test_in_every_sentence_of_the_generator_it_is_clear_what_goes_where(self):
        rng = np.random.default_rng(2)
        spoken = {*FILLERS, "belongs", "we", "need", "those"}
        for _ in range(1000):
            sentence = goal_sentence(rng, "red block", "green bowl")
            unknown = {word for word in split_words(sentence) if 1 in Tokenizer.default().encode(word)}
            self.assertLessEqual(unknown, spoken, "nothing else is a word that the policy does not know")
            words = split_words(sentence)
            self.assertEqual([[words[i] for i in part] for part in split_goal(sentence)], [["red", "block"], ["green", "bowl"]])


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
        self.assertEqual(longest(scene, meaning), (2, 3))
        self.assertEqual(longest(scene, replace(meaning, places=places[:1])), (1,), "what does not fit waits")
        self.assertEqual(longest(scene, replace(meaning, places=())), (2, 3), "where is not known")
        self.assertEqual(longest(scene, replace(meaning, rotations=False)), (1, 2, 3, 4))

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


class Slots(unittest.TestCase):
    def test_the_first_thing_of_a_sentence_is_picked_and_the_second_is_the_place(self):
        slots = slots_of("please put all the red cubes into a green bowl", 12)
        self.assertEqual([list(np.nonzero(slot)[0]) for slot in slots], [[4, 5], [8, 9], [4, 5]])

    def test_no_sentence_of_training_has_a_form_of_the_test_list(self):
        source = Path(__file__, "../../../src/evaluation/paraphrases.ts").resolve().read_text()
        forms = re.findall(r"'([^']+)'", source.split("const forms = [")[1].split("]")[0])
        self.assertGreaterEqual(len(forms), 7)
        asked = {form.replace("<pick>", "red block").replace("<place>", "green bowl").replace("<in>", "into") for form in forms}
        bare = lambda text: [word for word in split_words(text) if word not in (*FILLERS, "please")]
        rng = np.random.default_rng(5)
        trained = {tuple(bare(goal_sentence(rng, "red block", "green bowl"))) for _ in range(20000)}
        for sentence in asked:
            self.assertNotIn(tuple(bare(sentence)), trained, sentence)
        self.assertIn(tuple(bare("into the green bowl put the red block")), trained, "and a form of training is one")

    def test_where_the_place_comes_first_the_thing_is_still_what_is_picked(self):
        slots = slots_of("please into the green bowl put all red cubes", 12)
        self.assertEqual([list(np.nonzero(slot)[0]) for slot in slots], [[7, 8], [3, 4], [7, 8]])

    def test_a_sentence_without_a_place_trains_no_place_slot(self):
        slots = slots_of("can you pick up the orange can", 12)
        self.assertEqual([list(np.nonzero(slot)[0]) for slot in slots], [[5, 6], [], [5, 6]])

    def test_two_colours_of_what_to_pick_are_told_apart(self):
        slots = slots_of("pack all the light blue and red cubes into the brown box", 12)
        self.assertEqual([list(np.nonzero(slot)[0]) for slot in slots], [[3, 4], [10, 11], [6, 7]])


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

    def test_padding_does_not_change_what_a_sentence_means(self):
        net = self.net()
        with torch.no_grad():
            short = net.text(torch.tensor([[5, 6, 7, 8]]))
            long = net.text(torch.tensor([[5, 6, 7, 8, 0, 0, 0, 0, 0]]))
        torch.testing.assert_close(short, long)


class Training(WithDataset):
    config = TrainConfig(samples=48, zoom_samples=32, batch=4, zoom_batch=8, warm_up_steps=2, precision="fp32", captions=0)

    def test_an_interrupted_run_ends_as_an_uninterrupted_one(self):
        for stop in (5, 13):  # in the joint part, in the zoom part
            folder = self.folder / f"stopped-{stop}"
            silently(train, [self.cache], folder, self.config, False, stop_after=stop)
            resumed = silently(train, [self.cache], folder, self.config, True)
            whole = silently(train, [self.cache], self.folder / "whole", self.config, False)
            for name, value in whole.state_dict().items():
                torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0, msg=name)

    def test_batches_made_ahead_are_the_same(self):
        dataset = Dataset([self.cache], self.config, Tokenizer.default(), 36)
        for here, there in zip(batches(dataset, 3, 6, 0), batches(dataset, 3, 6, 2), strict=True):
            for a, b in zip(here, there, strict=True):
                np.testing.assert_array_equal(a.color, b.color)
                np.testing.assert_array_equal(a.tokens, b.tokens)

    def test_the_first_episodes_of_each_task_are_kept(self):
        every = [(self.cache, i) for i in range(len(self.cache))]
        self.assertEqual([i for _, i in first_of_each_task(every, 2)], [0, 1, 2, 3, 4, 5])
        self.assertEqual(first_of_each_task(every, 0), every)

    def test_data_without_captions_is_refused_where_they_are_asked_for(self):
        with self.assertRaisesRegex(SystemExit, "no captioned scene"):
            Dataset([self.cache], replace(self.config, captions=0.3), Tokenizer.default(), 36)

    def test_another_config_does_not_continue_a_run(self):
        folder = self.folder / "other"
        silently(train, [self.cache], folder, self.config, False, stop_after=2)
        with self.assertRaisesRegex(SystemExit, "another config"):
            silently(train, [self.cache], folder, replace(self.config, seed=9), True)

    def test_the_loss_falls_on_what_is_seen_again_and_again(self):
        folder = self.folder / "falls"
        config = TrainConfig(samples=240, zoom_samples=0, batch=8, warm_up_steps=5, precision="fp32", recolor=0, captions=0)
        dataset = Dataset([self.cache], config, Tokenizer.default(), 36)
        fixed = dataset.batch(0)
        Dataset.batch, original = lambda self, step: fixed, Dataset.batch
        try:
            # What is reported is the mean since the report before: that of the last steps alone.
            silently(train, [self.cache], folder, config, False, stop_after=25)
            silently(train, [self.cache], folder, config, True)
        finally:
            Dataset.batch = original
        lines = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
        self.assertLess(lines[-1]["place"], 8.0)  # chance: log(12 * 3200) = 10.6
        self.assertLess(lines[-1]["pick"], 9.0)  # chance: log(51200) = 10.8


class Words(unittest.TestCase):
    def test_the_tokenizer_agrees_with_the_shared_cases(self):
        cases = json.loads((Path(__file__).parents[2] / "tests/fixtures/tokenizer-cases.json").read_text())
        tokenizer = Tokenizer(cases["words"], cases["maxTokens"])
        for case in cases["cases"]:
            self.assertEqual(tokenizer.encode(case["text"]).tolist(), case["tokens"], case["text"])
            self.assertEqual(tokenizer.known_words(case["text"]), case["knownWords"], case["text"])


if __name__ == "__main__":
    unittest.main()
