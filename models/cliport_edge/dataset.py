"""Batches of training samples from recorded and drawn scenes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

from . import augment, boxes
from .episodes import Cache
from .labels import Sample, as_published, sample_of
from .questions import Asking, question
from .recolor import recolor
from .scene import Meaning, Scene, scene_of
from .train_config import TrainConfig
from .words import Tokenizer, names_of, plural


class Dataset:
    """Batches by step number: what a step sees depends on the seed, the step and the process's rank alone."""

    def __init__(self, caches: list[Cache], config: TrainConfig, tokenizer: Tokenizer, rotations: int, rank: int = 0):
        self.config, self.tokenizer, self.rotations, self.rank = config, tokenizer, rotations, rank
        every = [(cache, i) for cache in caches for i in range(len(cache))]
        captioned = lambda item: item[0].samples[item[1]]["task"].startswith("captioned")
        self.captions = [item for item in every if captioned(item)]
        self.demonstrations = first_of_each_task([item for item in every if not captioned(item)], config.demonstrations)
        self.of_task = {what: by_task(items) for what, items in (("captions", self.captions), ("demonstrations", self.demonstrations))}
        needed = {"demonstration": (self.demonstrations, config.captions < 1), "captioned scene": (self.captions, config.captions > 0)}
        for what, (items, is_needed) in needed.items():
            if is_needed and not items:
                raise SystemExit(f"train: captions is {config.captions}, but the data has no {what}")

        self.asking = Asking(config.other_goals, config.absent, config.wrong_noun, nouns_in(caches))

    def batch(self, step: int) -> list[Sample]:
        config = self.config
        rng = np.random.default_rng([config.seed, self.rank, step])
        if config.joint_steps <= step < config.zoom_steps:
            return [self.demonstration(rng) for _ in range(config.zoom_batch)]
        count = config.batch if step < config.joint_steps else config.zoom_batch
        return [self.caption(rng) if rng.random() < config.captions else self.demonstration(rng) for _ in range(count)]

    def caption(self, rng: np.random.Generator) -> Sample:
        return self.sample(recorded(self.of_task["captions"], rng), rng)

    def demonstration(self, rng: np.random.Generator) -> Sample:
        drawn = rng.random() < self.config.drawn
        return self.sample(boxes.draw(rng) if drawn else recorded(self.of_task["demonstrations"], rng), rng)

    def sample(self, scene: Scene, rng: np.random.Generator) -> Sample:
        config = self.config
        if config.one_pixel and not scene.is_captioned:
            scene, meaning = augment.random_turn_and_shift(scene, scene.own, rng)
            return as_published(self.labelled(augment.light_and_noise(scene, rng), meaning, rng), scene)
        scene = recolor(scene, rng, config.recolor * (2 if scene.is_captioned else 1))
        meaning = question(scene, rng, self.asking)
        scene, meaning = augment.random_turn_and_shift(scene, meaning, rng)
        scene = augment.texture(scene, rng, table=0.5, things=0.25 if scene.is_captioned else 0.03)
        return self.labelled(augment.light_and_noise(scene, rng), meaning, rng)

    def labelled(self, scene: Scene, meaning: Meaning, rng: np.random.Generator) -> Sample:
        return sample_of(scene, meaning, self.tokenizer.encode(meaning.sentence), self.rotations, rng)


def nouns_in(caches: list[Cache]) -> tuple[tuple[str, ...], ...]:
    """What each kind of thing in these caches is called, in the alphabet's order of the kinds."""
    told = {kind: names for cache in caches for sample in cache.samples for kind, names in sample["truth"].get("names", {}).items()}
    return tuple(names_of(kind, told[kind]) for kind in sorted(told))


def said_in(caches: list[Cache]) -> list[str]:
    """What the demonstrations of these caches say: their sentences, and what each thing is called, one and several."""
    truths = [sample["truth"] for cache in caches for sample in cache.samples if not sample["task"].startswith("captioned")]
    names = {name for truth in truths for names in truth.get("names", {}).values() for name in names}
    return [*{truth["goal"] for truth in truths}, *names, *(plural(name) for name in names)]


def by_task(items: list[tuple[Cache, int]]) -> list[list[tuple[Cache, int]]]:
    """The observations of each task, in the alphabet's order of the tasks."""
    tasks: dict[str, list[tuple[Cache, int]]] = {}
    for cache, index in items:
        tasks.setdefault(cache.samples[index]["task"], []).append((cache, index))
    return [tasks[task] for task in sorted(tasks)]


def recorded(of_task: list[list[tuple[Cache, int]]], rng: np.random.Generator) -> Scene:
    """An observation of any task, each as likely as the others, however many observations it has."""
    items = of_task[rng.integers(len(of_task))]
    cache, index = items[rng.integers(len(items))]
    return scene_of(cache.samples[index], cache.color[index], cache.height[index], cache.labels[index])


def first_of_each_task(items: list[tuple[Cache, int]], episodes: int) -> list[tuple[Cache, int]]:
    """The observations of the first `episodes` episodes of each task; of all where that is 0."""
    if episodes == 0:
        return items
    kept: dict[str, set] = {}
    for cache, index in items:
        sample = cache.samples[index]
        of_task = kept.setdefault(sample["task"], set())
        if len(of_task) < episodes:
            of_task.add((id(cache), sample["episode"]))
    return [(c, i) for c, i in items if (id(c), c.samples[i]["episode"]) in kept[c.samples[i]["task"]]]


_of_this_process: list[Dataset] = []  # what a forked worker works on; to send it along would copy all of the data


def _batch(step: int) -> list[Sample]:
    return _of_this_process[0].batch(step)


def batches(dataset: Dataset, first: int, end: int, workers: int):
    """Batches of the steps from `first` to `end`, made ahead by other processes where there are any: the same either way."""
    if workers == 0:
        yield from (dataset.batch(step) for step in range(first, end))
        return
    _of_this_process[:] = [dataset]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        ahead = deque()
        for step in range(first, end):
            while len(ahead) < 3 * workers and step + len(ahead) < end:
                ahead.append(pool.submit(_batch, step + len(ahead)))
            yield ahead.popleft().result()
