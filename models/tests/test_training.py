"""Training: resumable, repeatable, and it learns."""

from __future__ import annotations

import json
import unittest
from dataclasses import replace

import numpy as np
import torch

from cliport_edge import checkpoint
from cliport_edge.dataset import Dataset, batches, by_task, first_of_each_task, recorded
from cliport_edge.episodes import Cache
from cliport_edge.train import train
from cliport_edge.train_config import TrainConfig
from cliport_edge.words import Tokenizer

from .dataset_case import WithDataset, silently


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

    def test_each_task_is_shown_as_often_as_the_others(self):
        rare = Cache(self.cache.folder)
        rare.samples = [sample | {"task": "a-rare-task"} for sample in rare.samples[:1]]
        of_task = by_task([(self.cache, i) for i in range(len(self.cache))] + [(rare, 0)])
        rng = np.random.default_rng(0)
        shown = [recorded(of_task, rng).task for _ in range(200)]
        self.assertGreater(shown.count("a-rare-task"), 70)
        self.assertGreater(shown.count(self.cache.samples[0]["task"]), 70)

    def test_a_run_that_begins_from_another_one_learns_the_words_that_it_lacks(self):
        first, second = self.folder / "few-words", self.folder / "more-words"
        silently(train, [self.cache], first, self.config, False, stop_after=1)
        before = checkpoint.read(first / "last.pt")
        few = before["words"][:300]
        weights = before["model"] | {name: before["model"][name][:302] for name in ("text.table.weight", "text.color_lab")}
        checkpoint.save(first / "few.pt", before | {"model": weights, "words": few, "config": before["config"] | {"vocabulary": 302}})
        edge = silently(train, [self.cache], second, replace(self.config, learning_rate=0.0, weight_decay=0.0), False, stop_after=1, init=first / "few.pt")
        self.assertEqual(checkpoint.read(second / "last.pt")["words"][:300], few)
        self.assertEqual(set(checkpoint.read(second / "last.pt")["words"]), set(before["words"]))
        torch.testing.assert_close(edge.text.table.weight[:302], weights["text.table.weight"], rtol=0, atol=0)
        self.assertEqual(float(edge.text.table.weight.detach()[302:].abs().max()), 0, "what means nothing yet says nothing")

    def test_half_a_checkpoint_is_one_to_begin_from(self):
        folder = self.folder / "whole-weights"
        silently(train, [self.cache], folder, self.config, False, stop_after=1)
        checkpoint.save(folder / "half.pt", checkpoint.halved(checkpoint.read(folder / "last.pt")))
        whole, half = (checkpoint.read(folder / name)["model"] for name in ("last.pt", "half.pt"))
        self.assertLess((folder / "half.pt").stat().st_size, 0.6 * 4 * sum(value.numel() for value in whole.values()))
        for name, value in whole.items():
            torch.testing.assert_close(half[name], value, rtol=1e-3, atol=1e-6, msg=name)

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


if __name__ == "__main__":
    unittest.main()
