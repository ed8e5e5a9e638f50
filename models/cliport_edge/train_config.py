"""Settings of training: defaults, a stage of the recipe, and single values on the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path


@dataclass(frozen=True)
class TrainConfig:
    seed: int = 1
    samples: int = 50_000  # joint training
    zoom_samples: int = 12_000  # then the zoom stage alone
    completion_samples: int = 0  # then the completion head alone: whether what is meant is there, and whether anything is left to do
    batch: int = 8
    zoom_batch: int = 16
    learning_rate: float = 2e-3
    zoom_learning_rate: float = 3e-3
    weight_decay: float = 0.01
    clip: float = 2.0
    warm_up_steps: int = 100
    rotations_trained: int = 12  # the right ones, those a quarter turn from them, and random others
    zoom_weight: float = 0.5
    turn_weight: float = 5.0
    mask_weight: float = 20.0
    remaining_weight: float = 0.25
    slot_weight: float = 0.3  # which words say what to pick and where to place
    region_weight: float = 0.3  # places of which only the region is known
    zoom_sigma: float = 0.7  # cells
    captions: float = 0.35  # share of captioned scenes; 1: pre-training
    other_goals: float = 0.25  # share of samples with another sentence than the recorded one
    absent: float = 0.2  # share with a sentence about something that is not there
    wrong_noun: float = 0.25  # share of those that ask for a thing called otherwise than all that is there
    drawn: float = 0.0  # share of demonstrations that are packing scenes drawn (boxes.py)
    recolor: float = 0.4  # share of groups of things that get another named colour
    demonstrations: int = 0  # of each task; 0: all that there are
    one_pixel: int = 0  # 1: labels as published, one pixel a step
    channels: int = 40
    without: str = ""  # parts of the trunk that say nothing, e.g. spatial,language (network_config.py), for ablations
    precision: str = "auto"  # fp32, bf16 (trunk only), or auto: bf16 where the processor has it

    @property
    def joint_steps(self) -> int:
        return self.samples // self.batch

    @property
    def zoom_steps(self) -> int:
        return self.joint_steps + self.zoom_samples // self.zoom_batch

    @property
    def steps(self) -> int:
        return self.zoom_steps + self.completion_samples // self.zoom_batch


def config_with(assignments: list[str]) -> TrainConfig:
    """The default config with `name=value` applied. @raises SystemExit naming the settings when one is misspelt."""
    kinds = {f.name: type(f.default) for f in fields(TrainConfig)}
    changes = {}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        if name not in kinds:
            raise SystemExit(f"train: no setting {name}; there are {', '.join(kinds)}")
        changes[name] = kinds[name](value)
    return replace(TrainConfig(), **changes)


def recipe_settings(path: Path | None, stage: str) -> list[str]:
    """A stage's settings as `name=value`. @raises SystemExit naming the stages when there is no such one"""
    if path is None:
        return []
    stages = json.loads(path.read_text())
    if stage not in stages:
        raise SystemExit(f"train: {path} has no stage {stage}; there are {', '.join(stages)}")
    return [f"{name}={value}" for name, value in stages[stage].items()]
