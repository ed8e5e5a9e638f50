"""What training makes of recordings of other tasks than the three that it began with: all from what a recording tells."""

from __future__ import annotations

import math
import unittest
from dataclasses import replace

import numpy as np

from cliport_edge import questions
from cliport_edge.labels import first_to_move, sample_of
from cliport_edge.lexicon import lexicon
from cliport_edge.questions import Asking
from cliport_edge.scene import Named, Place, Room, Scene, Spot, Thing, own_goal
from cliport_edge.words import DECLARED, NOUNS, Tokenizer, names_of, split_goal, split_words

SHAPE = (320, 160)
PIXEL_M = 0.003125


def scene_with(things: list[Thing], goal: str, **fields) -> Scene:
    """Things as squares of their size, seen from above; `own` follows from the fields."""
    labels = np.zeros(SHAPE, np.uint8)
    for t in things:
        u, v, du, dv = round(t.u), round(t.v), max(1, round(t.size[1] / 2)), max(1, round(t.size[0] / 2))
        labels[u - du : u + du, v - dv : v + dv] = t.label
    color, height = np.full((*SHAPE, 3), 90, np.uint8), (labels > 0).astype(np.float32) * 0.02
    made = Scene(color, height, labels, tuple(things), "a-task-of-tomorrow", goal, **{"remaining": True, "pixel_m": PIXEL_M, **fields})
    return replace(made, own=own_goal(made))


def thing(label: int, kind: str, color: str, u: float, v: float, size: tuple[float, float], yaw: float = 0.0) -> Thing:
    return Thing(label, kind, color, u, v, yaw, size, names_of(kind))


def pile() -> Scene:
    """Two blocks, one in the green square already, a third one half in it, and a red square."""
    things = [
        thing(1, "square", "green", 80, 80, (48, 48)), thing(2, "square", "red", 240, 80, (48, 48)),
        thing(3, "block", "blue", 82, 84, (6, 6)), thing(4, "block", "blue", 160, 40, (6, 6)), thing(5, "block", "blue", 80, 104, (6, 6)),
    ]  # fmt: skip
    places = tuple(Place(label, 1, 80.0, 80.0, 0.0, 0.0) for label in (4, 5))
    return scene_with(
        things, "push the pile of blue blocks into the green square", picks=(4, 5), places=places, rotations=False,
        named=Named((3, 4, 5), (1,), ()), colored=(("block",), ("square",)), primitive="push",
    )  # fmt: skip


def household() -> Scene:
    """A mug to be packed, a bus that stays, and a box with room for both."""
    things = [thing(1, "box", "brown", 80, 80, (80, 70)), thing(2, "coffee mug", "white", 200, 40, (26, 22)), thing(3, "toy bus", "white", 250, 110, (42, 15))]
    return scene_with(
        things, "pack all the coffee mug objects in the brown box", picks=(2,), places=(Place(2, 1, 90.0, 90.0, 0.0, math.pi),),
        rotations=True, named=Named((2,), (1,), ()),
    )  # fmt: skip


class Pushing(unittest.TestCase):
    def test_what_lies_farthest_is_pushed_first_to_the_middle_of_the_square(self):
        scene = pile()
        self.assertEqual(first_to_move(scene, scene.own), (4,))
        sample = sample_of(scene, scene.own, np.zeros(24, np.int64), 36, np.random.default_rng(0))
        self.assertEqual(scene.labels[sample.pick_cell], 4)
        self.assertEqual([(round(p.u - sample.pick_cell[0] - 80 + 160), round(p.v - sample.pick_cell[1] - 80 + 40)) for p in sample.places], [(0, 0)])
        self.assertEqual(first_to_move(scene, replace(scene.own, primitive="pick_place")), (4, 5))

    def test_the_other_square_may_be_asked_for_and_takes_all(self):
        meaning = questions.by_color(pile(), "blue", "red", "push them")
        self.assertEqual((meaning.picks, {p.target for p in meaning.places}, meaning.primitive), ((3, 4, 5), {2}, "push"))
        self.assertEqual(questions.by_color(pile(), "blue", "green", "push them").picks, (4, 5), "what sticks out is not inside")

    def test_a_sentence_about_a_push_says_so(self):
        rng = np.random.default_rng(1)
        scene = pile()
        asked = [questions.question(scene, rng, Asking(other=0.4, absent=0.3)).sentence for _ in range(200)]
        self.assertTrue(all(split_words(sentence)[0] in ("push", "sweep") for sentence in asked), asked)
        self.assertGreater(len(set(asked)), 30)


class Household(unittest.TestCase):
    def test_what_has_a_compound_name_is_asked_for_by_it(self):
        scene, rng = household(), np.random.default_rng(2)
        for _ in range(100):
            meaning = questions.paraphrase(scene, scene.own, rng)
            words = split_words(meaning.sentence)
            said, where = ([words[i] for i in part] for part in split_goal(meaning.sentence))
            self.assertEqual((said[:2], where), (["coffee", "mug"], ["brown", "box"]), meaning.sentence)

    def test_an_absent_thing_is_one_that_nothing_here_may_be_called(self):
        scene, rng = household(), np.random.default_rng(3)
        asking = Asking(absent=1, nouns=(names_of("cup"), names_of("toy car"), names_of("toy bus"), names_of("carton"), names_of("pear")))
        asked = {questions.question(scene, rng, asking).sentence for _ in range(200)}
        nouns = {" ".join(split_words(s)[i] for i in split_goal(s)[0]).removesuffix(" objects") for s in asked}
        # A cup may be called a mug, as the coffee mug is, and a carton a box.
        self.assertEqual(nouns, {"toy car", "pear"})

    def test_in_a_box_for_several_things_each_goes_flush(self):
        scene = household()
        self.assertEqual({p.thing for p in scene.own.places}, {2})
        self.assertNotIn((90.0, 90.0), {(p.u, p.v) for p in scene.own.places})
        small = scene_with([replace(scene.things[0], size=(40, 40)), *scene.things[1:]], scene.goal, picks=(2,), places=scene.places, rotations=True, named=scene.named)
        self.assertEqual(small.own.places, scene.places, "a box for one thing: its middle, as recorded")


class Spots(unittest.TestCase):
    def test_a_rope_goes_along_the_spots_of_its_line_farthest_bead_first(self):
        beads = [thing(i, "rope", "red", 100 + 10 * i, 100, (4, 4)) for i in (2, 3, 4)]
        places = tuple(Place(bead.label, 1, 60.0, 40.0 + 10 * bead.label, 0.0, 0.0) for bead in beads)
        scene = scene_with(
            [thing(1, "square", "green", 60, 60, (60, 60)), *beads], "align the rope from front left tip to front right tip",
            picks=(2, 3, 4), places=places, rotations=False, tolerance_m=0.02, primitive="drag",
            named=Named((2, 3, 4), (), tuple(Spot(p.u, p.v) for p in places)),
        )  # fmt: skip
        self.assertEqual(first_to_move(scene, scene.own), (3, 4))
        sample = sample_of(scene, scene.own, np.zeros(24, np.int64), 36, np.random.default_rng(0))
        self.assertLess(sample.masks[3].sum() * 16, 500, "the line, not the square, takes them")
        self.assertGreater(sample.masks[3].sum() * 16, 100)
        self.assertEqual(questions.question(scene, np.random.default_rng(0), Asking(other=1)), scene.own)


class Captions(unittest.TestCase):
    def room_scene(self) -> Scene:
        things = [thing(1, "plate", "red", 80, 80, (40, 40)), thing(2, "toy bus", "own", 200, 40, (42, 15)), thing(3, "ball", "blue", 250, 110, (12, 12))]
        scene = scene_with(things, "look", picks=(), places=(), rotations=False, rooms=(Room(1, 82.0, 78.0, 0.5, (20.0, 45.0)),))
        return replace(scene, task="captioned-household-scenes")

    def test_where_a_thing_has_room_is_a_place(self):
        scene = self.room_scene()
        plate, bus, ball = scene.things
        ((place,), turns) = questions.room_places(scene, (bus,), (plate,))
        self.assertEqual((place.u, place.v, place.yaw, turns), (82.0, 78.0, 0.5 + math.pi / 2, True))
        ((place,), turns) = questions.room_places(scene, (ball,), (plate,))
        self.assertEqual((place.thing, place.target, place.yaw, turns), (3, 1, 0.0, False))
        self.assertEqual(questions.room_places(scene, (replace(bus, size=(60.0, 15.0)),), (plate,)), ((), False))

    def test_things_of_many_colours_are_named_by_their_noun_alone(self):
        scene, rng = self.room_scene(), np.random.default_rng(4)
        asking = Asking(wrong_noun=0.5, nouns=tuple(map(names_of, ("toy bus", "ball", "pear", "book"))))
        for absent in (None, "pick"):
            for _ in range(300):
                meaning = questions.caption(scene, rng, absent, asking)
                self.assertNotIn("own", split_words(meaning.sentence))
                words = split_words(meaning.sentence)
                said = [words[i] for i in split_goal(meaning.sentence)[0]]
                if absent is None and 2 in meaning.picks and len(meaning.picks) == 1:
                    self.assertIn(said[-1], ("bus", "buses"), meaning.sentence)
                self.assertEqual(bool(meaning.picks), absent is None)


class Declarations(unittest.TestCase):
    def test_the_vocabulary_has_every_word_of_the_declared_tasks(self):
        tokenizer = Tokenizer.default()
        said = [word for task in DECLARED.values() for text in (*task["parts"], *(n for names in task["nouns"].values() for n in names)) for word in split_words(text)]
        self.assertGreater(len(said), 100)
        self.assertEqual([word for word in said if word not in tokenizer.id_of], [])
        self.assertEqual(len(set(tokenizer.words)), len(tokenizer.words))

    def test_the_lexicon_says_how_things_are_moved(self):
        forms = {entry["form"]: entry["primitive"] for entry in lexicon()["forms"]}
        self.assertEqual(forms["push the pile of <pick> into the <place>"], "push")
        self.assertEqual(forms["align the rope from front left tip to front right tip"], "drag")
        self.assertEqual(forms["put the <pick> in a <place>"], "pick_place")
        self.assertIn("coffee mug", NOUNS)

    def test_a_package_has_the_words_of_the_tasks_that_its_tokenizer_knows(self):
        few = lexicon(Tokenizer(split_words("a the block cube brick bowl dish coffee mug")))
        self.assertEqual((list(few["nouns"]), few["tasks"]), (["block", "bowl", "anything"], ["put-block-in-bowl"]))


if __name__ == "__main__":
    unittest.main()
