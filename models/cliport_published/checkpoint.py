"""Checkpoints of the published code: the names and shapes of their weights, and a way to read one that runs nothing in it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import Tensor

from .agent import KINDS, Agent, Kind
from .sizes import Sizes

# Weights that every checkpoint holds and no decision depends on.
UNUSED = ("attnpool.", "logit_scale")


class CheckpointInvalid(Exception):
    """A file that is no checkpoint of the published code, with one line for each thing that is wrong."""

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems))
        self.problems = problems


def published_name(ours: str, kind: Kind) -> str:
    """The key of a checkpoint for a weight of `Agent`."""
    network, stream, rest = ours.split(".", 2)
    module = "attention" if network == "attention" else "transport"
    if stream == "fusion":
        return f"transport.fusion_{network}.{rest}"
    name = kind.parts[("attention", "key", "query").index(network)]
    both = kind.spatial is not None and kind.semantic
    suffix = "_two" if both and stream == "semantic" else "_one" if kind.semantic else ""
    return f"{module}.{name}{suffix}.{rest}"


def layout(kind: str, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Every key of a published checkpoint and its shape, in order."""
    with torch.device("meta"):
        agent = Agent(kind, sizes, with_unused=True)
    return {published_name(name, KINDS[kind]): tuple(value.shape) for name, value in agent.state_dict().items()}


def layout_problems(state: dict[str, Tensor], expected: dict[str, tuple[int, ...]]) -> list[str]:
    """Missing, extra and wrongly shaped keys, one line each."""
    problems = [f"missing: {name} {shape_text(shape)}" for name, shape in expected.items() if name not in state and not is_unused(name)]
    problems += [f"extra: {name} {shape_text(value.shape)}" for name, value in state.items() if name not in expected]
    for name, shape in expected.items():
        if name in state and tuple(state[name].shape) != shape:
            problems.append(f"wrong shape: {name}: expected {shape_text(shape)} but received {shape_text(state[name].shape)}")
    return problems


def is_unused(name: str) -> bool:
    return any(part in name for part in UNUSED)


def shape_text(shape) -> str:
    return f"[{', '.join(str(side) for side in shape)}]"


class _Inert:
    """Stands for any class of another program in a checkpoint; nothing of that class is imported or called."""

    def __new__(cls, *_args, **_settings):
        return object.__new__(cls)

    def __init__(self, *_args, **_settings):
        pass

    def __setstate__(self, _state):
        pass


def read_state(file: Path) -> dict[str, Tensor]:
    """
    The weights of a checkpoint, on the CPU. Read with `weights_only`: PyTorch Lightning also stores its callbacks, by the
    names of their classes, and for each of these names an empty class stands in.
    @raises CheckpointInvalid for a file that is no such checkpoint
    """
    if not file.is_file():
        raise CheckpointInvalid([f"there is no file {file}"])
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(file) if zipfile.is_zipfile(file) else []
        stand_ins = [(type("Inert", (_Inert,), {}), name) for name in names]
        with torch.serialization.safe_globals(stand_ins):
            content = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except Exception as cause:  # whatever PyTorch's reader meets in a foreign file
        first = str(cause).strip().splitlines()
        raise CheckpointInvalid([f"PyTorch cannot read it without running code: {first[0] if first else type(cause).__name__}"]) from cause
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        has = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise CheckpointInvalid([f"expected a key state_dict but received {has}"])
    if others := [name for name, value in state.items() if not isinstance(value, Tensor)]:
        raise CheckpointInvalid([f"{name}: expected a tensor but received {type(state[name]).__name__}" for name in others])
    return state


def detect_kind(state: dict[str, Tensor], sizes: Sizes) -> str:
    """The agent whose keys are most like those of `state`."""
    unlike = {kind: len(set(layout(kind, sizes)) ^ set(state)) for kind in KINDS}
    return min(unlike, key=unlike.get)


def load_agent(state: dict[str, Tensor], kind: str, sizes: Sizes) -> Agent:
    """
    An agent with these weights, fp32 (CLIP's are fp16 when they were saved from a GPU).
    @raises CheckpointInvalid naming every key that is missing, extra, wrongly shaped or not finite
    """
    problems = layout_problems(state, layout(kind, sizes))
    problems += [f"not finite: {name}" for name, value in state.items() if value.is_floating_point() and not torch.isfinite(value).all()]
    if problems:
        raise CheckpointInvalid(problems)
    with torch.device("meta"):
        agent = Agent(kind, sizes)
    names = {name: published_name(name, KINDS[kind]) for name in agent.state_dict()}
    as_float = lambda value: value.float() if value.is_floating_point() else value
    agent.load_state_dict({ours: as_float(state[theirs]) for ours, theirs in names.items()}, assign=True)
    return agent.requires_grad_(False)
