"""What a sentence means in a scene, and which sentences training asks."""

from __future__ import annotations

import json
import re
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np

from cliport_edge import colors, questions, scene as scenes
from cliport_edge.labels import slots_of
from cliport_edge.recolor import recolor
from cliport_edge.words import FILLERS, Tokenizer, goal_sentence, split_goal, split_noun, split_words

from .dataset_case import WithDataset


class Sentences(WithDataset):
    def test_our_reading_of_the_recorded_sentence_is_the_truth_of_the_cell(self):
        for index in range(len(self.cache)):
            scene = self.scene(index)
            own = scene.own
            words = split_words(scene.goal)
            pick, place = (words[part[0]] for part in split_goal(scene.goal))
            ours = questions.by_color(scene, pick, place, scene.goal)
            self.assertEqual(set(ours.picks), set(own.picks))
            self.assertEqual(set(ours.named_pick), set(own.named_pick))
            self.assertEqual(ours.remaining, own.remaining)
            self.assertEqual({(p.thing, p.target) for p in ours.places}, {(p.thing, p.target) for p in own.places})

    def test_neither_the_name_of_a_task_nor_a_word_of_its_sentence_says_what_is_meant(self):
        for index in range(len(self.cache)):
            sample = json.loads(json.dumps(self.cache.samples[index]))
            arrays = self.cache.color[index], self.cache.height[index], self.cache.labels[index]
            known = scenes.scene_of(sample, *arrays)
            sample["task"], sample["truth"]["goal"] = "a-task-of-tomorrow", "qwerty"
            told = scenes.scene_of(sample, *arrays)
            self.assertEqual(replace(told.own, sentence=known.own.sentence), known.own)
            sample["truth"]["named"] |= {"places": [], "spots_base_m": [[0.5, 0.25, 0.03]]}
            self.assertEqual(scenes.scene_of(sample, *arrays).own.named_spots, (scenes.Spot(240.0, 80.0),))
            del sample["truth"]["named"]
            self.assertIsNone(scenes.scene_of(sample, *arrays).own.named_pick, "what is not told is not known")

    def test_things_are_called_what_the_recording_says_and_what_the_tasks_declare(self):
        sample = json.loads(json.dumps(self.cache.samples[0]))
        sample["truth"]["names"]["block"] = ["lump"]
        block = next(t for t in scenes.scene_of(sample, self.cache.color[0], self.cache.height[0], self.cache.labels[0]).things if t.kind == "block")
        self.assertEqual([block.is_called([noun]) for noun in ("lump", "cubes", "objects", "bowl")], [True, True, True, False])
        mug = replace(block, names=("coffee mug",))
        said = ("coffee mug", "coffee mugs", "coffee mug objects", "mug", "mugs", "coffee")
        self.assertEqual([mug.is_called(noun.split()) for noun in said], [True] * 5 + [False])

    def test_the_vocabulary_takes_in_what_a_data_set_says(self):
        own = Tokenizer.default()
        more = Tokenizer.default(["pack the hoop in the brown box", "pack the anvil in the brown box"])
        self.assertEqual(more.words, [*own.words, "anvil", "hoop"])

    def test_a_sentence_about_something_absent_leaves_nothing_to_pick(self):
        rng = np.random.default_rng(0)
        scene = self.scene()
        shown = {t.color for t in scene.things if t.kind == "block"}
        for _ in range(200):
            for meaning in (questions.other_colors(scene, rng, "pick"), questions.own_absent(scene, rng)):
                self.assertEqual((meaning.named_pick, meaning.picks, meaning.remaining), ((), (), False))
                words = split_words(meaning.sentence)
                said = {words[i] for i in split_goal(meaning.sentence)[0]}
                self.assertFalse(said & (shown | set(colors.UNSEEN_COLORS)), meaning.sentence)
        sentences = [questions.own_absent(scene, rng).sentence for _ in range(20)]
        self.assertEqual({" and " in sentence.split(" bowl")[0] for sentence in sentences}, {True, False}, "one colour, or two at once")

    def test_a_caption_means_what_its_words_fit(self):
        rng = np.random.default_rng(4)
        scene = replace(self.scene(), task="captioned-scenes-full-colors")
        for _ in range(200):
            meaning = questions.caption(scene, rng)
            words = split_words(meaning.sentence)
            pick, place = ([words[i] for i in part] for part in split_goal(meaning.sentence))
            said, noun = split_noun(pick)
            named = [t.label for t in scene.things if (not said or t.color in said) and (not noun or t.is_called(noun))]
            # A thing that is named as the place is not to be picked up.
            self.assertEqual(set(meaning.picks), set(named) - set(meaning.named_place or ()) if place else set(named), meaning.sentence)
            self.assertTrue(meaning.picks)
            self.assertEqual(meaning.places, ())

    def test_recolouring_changes_names_cells_and_sentence_together(self):
        rng = np.random.default_rng(1)
        scene = self.scene()
        recolored = recolor(scene, rng, 1.0)
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

    def test_in_every_sentence_of_the_generator_it_is_clear_what_goes_where(self):
        rng = np.random.default_rng(2)
        spoken = set(FILLERS)
        for _ in range(1000):
            sentence = goal_sentence(rng, "red block", "green bowl")
            unknown = {word for word in split_words(sentence) if 1 in Tokenizer.default().encode(word)}
            self.assertLessEqual(unknown, spoken, "nothing else is a word that the policy does not know")
            words = split_words(sentence)
            self.assertEqual([[words[i] for i in part] for part in split_goal(sentence)], [["red", "block"], ["green", "bowl"]])


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


class Words(unittest.TestCase):
    def test_the_tokenizer_agrees_with_the_shared_cases(self):
        cases = json.loads((Path(__file__).parents[2] / "tests/fixtures/tokenizer-cases.json").read_text())
        tokenizer = Tokenizer(cases["words"], cases["maxTokens"])
        for case in cases["cases"]:
            self.assertEqual(tokenizer.encode(case["text"]).tolist(), case["tokens"], case["text"])
            self.assertEqual(tokenizer.known_words(case["text"]), case["knownWords"], case["text"])


if __name__ == "__main__":
    unittest.main()
