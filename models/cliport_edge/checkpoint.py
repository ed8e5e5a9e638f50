"""Checkpoints: written whole, read without executing anything.

    python -m cliport_edge.checkpoint OLD.pt NEW.pt [--tokenizer PACKAGE/tokenizer.json] [--half]

converts a checkpoint that still calls the completion head `judge`, or does not name the words that it knows; with `--half`
one to begin another training from, in half the size: weights of 16 bits and no optimizer.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from torch import Tensor

from .model import Edge
from .network_config import EdgeConfig
from .words import Tokenizer

OLD_HEAD, HEAD = "judge", "completion"


def save(path: Path, content: dict) -> None:
    """A checkpoint is whole or absent."""
    torch.save(content, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def read(path: Path, device: torch.device | str = "cpu") -> dict:
    """What `save` wrote. @raises SystemExit for a checkpoint of before the rename of the completion head"""
    state = torch.load(path, weights_only=True, map_location=device)
    if any(name.startswith(f"{OLD_HEAD}.") for name in state["model"]):
        raise SystemExit(
            f"checkpoint: {path} calls the completion head by its former name, `{OLD_HEAD}`; "
            f"convert it: python -m cliport_edge.checkpoint {path} NEW.pt"
        )
    return state | {"model": with_dtype(state["model"], torch.float16, torch.float32)}


def with_dtype(weights: dict[str, Tensor], old: torch.dtype, new: torch.dtype) -> dict[str, Tensor]:
    """The weights, those of the one type in the other."""
    return {name: value.to(new) if value.dtype == old else value for name, value in weights.items()}


def halved(state: dict) -> dict:
    """A checkpoint to begin another training from, as small as it can be. Running statistics are kept whole: variances may be
    beyond what 16 bits hold."""
    weights = {name: value for name, value in state["model"].items() if "running_" not in name}
    halves = state["model"] | with_dtype(weights, torch.float32, torch.float16)
    return {name: value for name, value in state.items() if name != "optimizer"} | {"model": halves}


def tokenizer_of(path: Path | None) -> Tokenizer:
    """Of a checkpoint's words; without one, those of this package. @raises SystemExit for one that does not name its words"""
    if path is None:
        return Tokenizer.default()
    words = read(path).get("words")
    if words is None:
        raise SystemExit(
            f"checkpoint: {path} does not say which words it knows; add those of its package: "
            f"python -m cliport_edge.checkpoint {path} NEW.pt --tokenizer PACKAGE/tokenizer.json"
        )
    return Tokenizer(words)


def load_edge(path: Path | None, tokenizer: Tokenizer, **changes) -> tuple[Edge, dict]:
    """The network with a checkpoint's weights (without one: untrained), and the checkpoint's card.

    @param changes fields of EdgeConfig that differ from the checkpoint's
    """
    colors = torch.from_numpy(tokenizer.color_features())
    if path is None:
        torch.manual_seed(0)
        return Edge(EdgeConfig(vocabulary=tokenizer.size), colors).eval(), {}
    state = read(path)
    edge = Edge(EdgeConfig(**state["config"] | changes), colors)
    edge.load_state_dict(state["model"])
    return edge.eval(), state.get("card", {})


def converted(state: dict) -> dict:
    """The same checkpoint with `completion` for `judge` in the names of weights and settings; an optimizer's state has no names."""
    weight = lambda name: f"{HEAD}.{name.removeprefix(f'{OLD_HEAD}.')}" if name.startswith(f"{OLD_HEAD}.") else name
    setting = lambda name: f"{HEAD}_{name.removeprefix(f'{OLD_HEAD}_')}" if name.startswith(f"{OLD_HEAD}_") else name
    renamed = lambda settings: {setting(name): value for name, value in settings.items()}
    result = state | {"model": {weight(name): value for name, value in state["model"].items()}}
    if "train" in state:
        result["train"] = renamed(state["train"])
    training = state.get("card", {}).get("training", {})
    if "config" in training:
        result["card"] = state["card"] | {"training": training | {"config": renamed(training["config"])}}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--tokenizer", type=Path, help="of the package that was made of it: its words go into the checkpoint")
    parser.add_argument("--half", action="store_true", help="weights of 16 bits, no optimizer")
    args = parser.parse_args()
    state = converted(torch.load(args.old, weights_only=True))
    if args.tokenizer is not None:
        state |= {"words": Tokenizer.from_file(args.tokenizer).words}
    save(args.new, halved(state) if args.half else state)
    print(f"checkpoint: {args.new}")


if __name__ == "__main__":
    main()
