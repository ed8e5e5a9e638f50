"""Whether a package decides as the reference does: ONNX Runtime beside PyTorch, logit by logit.

    python -m cliport_published.parity --checkpoint cliport.ckpt --package models/NAME --frames 5

Frames are drawn tables. `--npz FILE` takes others (color uint8 N x rows x cols x 3, height float32 N x rows x cols, metres,
goals) and `--logits FILE` writes what the package answers, to be compared with other code.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from .checkpoint import detect_kind, load_agent, read_state
from .sizes import Sizes, read_sizes
from .tokenizer import ClipTokenizer

# Largest difference of two logits, as a share of the range of all: about a thousand times the rounding of fp32.
TOLERANCE = 1e-3
SENTENCES = ("put the red blocks in a green bowl", "pack all the yellow and blue blocks into the brown box", "put the gray ring on the lighter brown side")

Frame = tuple[Tensor, Tensor, Tensor]
"""Colour, height and tokens, as the graphs take them."""


def frames(count: int, sizes: Sizes, tokenizer: ClipTokenizer, seed: int = 0) -> list[Frame]:
    """Dark tables with coloured boxes of random sizes and places on them."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        color = np.full((1, sizes.rows, sizes.cols, 3), 60, np.uint8)
        height = np.zeros((1, sizes.rows, sizes.cols), np.float32)
        for _ in range(12):
            rows, cols = rng.integers(4, sizes.rows // 6), rng.integers(4, sizes.cols // 4)
            u, v = rng.integers(0, sizes.rows - rows), rng.integers(0, sizes.cols - cols)
            color[0, u : u + rows, v : v + cols] = rng.integers(0, 256, 3)
            height[0, u : u + rows, v : v + cols] = rng.uniform(0.01, 0.12)
        tokens = tokenizer.encode(SENTENCES[index % len(SENTENCES)])
        made.append((torch.from_numpy(color), torch.from_numpy(height), torch.tensor([tokens])))
    return made


def frames_of(file: Path, tokenizer: ClipTokenizer) -> tuple[list[Frame], str]:
    """
    Frames of an .npz file, or of a folder with color.npy, height.npy and frames.json (`goals`, `source`): color uint8
    N x rows x cols x 3, height N x rows x cols in metres, a goal for each. And where they come from, in words.
    """
    if file.is_dir():
        text = json.loads((file / "frames.json").read_text())
        color, height, goals, source = np.load(file / "color.npy"), np.load(file / "height.npy"), text["goals"], text["source"]
    else:
        with np.load(file, allow_pickle=False) as data:
            color, height, goals, source = data["color"], data["height"], [str(goal) for goal in data["goals"]], file.name
    made = [
        (torch.from_numpy(color[i : i + 1]), torch.from_numpy(height[i : i + 1].astype(np.float32)), torch.tensor([tokenizer.encode(goal)]))
        for i, goal in enumerate(goals)
    ]
    return made, source


def open_graphs(folder: Path, threads: int = 1) -> dict[str, onnxruntime.InferenceSession]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return {name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]) for name in ("text", "attention", "transport")}


def feeds_of(graphs: dict[str, onnxruntime.InferenceSession], color: Tensor, height: Tensor, tokens: Tensor) -> dict[str, dict]:
    """What attention and transport are fed for a frame; transport's pick is left to be added."""
    scene = {"color": color.numpy(), "height": height.numpy(), "text": graphs["text"].run(["text"], {"tokens": tokens.numpy()})[0]}
    return {"attention": scene | {"suppress": np.zeros_like(scene["height"])}, "transport": scene}


def decide(graphs: dict[str, onnxruntime.InferenceSession], color: Tensor, height: Tensor, tokens: Tensor, pick: tuple[int, int] | None = None) -> dict:
    """What `Agent.decide` answers, from a package's graphs. `pick`: the cell whose place is asked for; absent: the one that it picks."""
    feeds = feeds_of(graphs, color, height, tokens)
    picked, pick_logits = graphs["attention"].run(["pick_pixel", "pick_logits"], feeds["attention"])
    at = picked if pick is None else np.array(pick, np.int64)
    place, rotation, place_logits = graphs["transport"].run(["place_pixel", "place_rotation", "place_logits"], feeds["transport"] | {"pick_pixel": at})
    cell = lambda pixel: (int(pixel[0]), int(pixel[1]))
    return {"pick_logits": pick_logits, "pick": cell(picked), "place_logits": place_logits, "place": cell(place), "rotation": int(rotation[0])}


def parity(folder: Path, samples: list[Frame], expected: list[dict]) -> dict:
    """How far apart the logits are, as shares of their ranges, and how many decisions differ."""
    graphs = open_graphs(folder)
    worst = {"pick_logits": 0.0, "place_logits": 0.0}
    differ = 0
    for (color, height, tokens), theirs in zip(samples, expected, strict=True):
        ours = decide(graphs, color, height, tokens)
        differ += any(ours[key] != theirs[key] for key in ("pick", "place", "rotation"))
        for key in worst:
            reference = theirs[key].numpy()
            worst[key] = max(worst[key], float(np.abs(ours[key] - reference).max() / np.ptp(reference)))
    return {"frames": len(samples), "decisionsDiffer": differ, "maxPickLogitDifference": worst["pick_logits"], "maxPlaceLogitDifference": worst["place_logits"]}


def parity_problems(measured: dict) -> list[str]:
    """One line for each thing in which ONNX Runtime and the reference disagree."""
    problems = [
        f"ONNX Runtime and PyTorch disagree: {name} {measured[name]:.1e} of the range, expected at most {TOLERANCE:.0e}"
        for name in ("maxPickLogitDifference", "maxPlaceLogitDifference")
        if not measured[name] <= TOLERANCE
    ]
    if measured["decisionsDiffer"]:
        problems.append(f"ONNX Runtime and PyTorch disagree: {measured['decisionsDiffer']} of {measured['frames']} decisions differ")
    return problems


def write_logits(file: Path, decisions: list[dict]) -> None:
    """pick_logits N x rows x cols, place_logits N x rotations x rows x cols, pick and place N x 2 (row, column), rotation N."""
    np.savez_compressed(file, **{key: np.stack([np.asarray(decision[key]) for decision in decisions]) for key in decisions[0]})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the drawn tables")
    parser.add_argument("--npz", type=Path, help="frames instead of drawn tables")
    parser.add_argument("--logits", type=Path, help="where to write the package's answers, .npz")
    parser.add_argument("--sizes", type=Path, help="JSON with fields of cliport_published.sizes.Sizes; absent: as published")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sizes = read_sizes(args.sizes)
    tokenizer = ClipTokenizer(sizes.text_length)
    samples = frames(args.frames, sizes, tokenizer, args.seed) if args.npz is None else frames_of(args.npz, tokenizer)[0]
    state = read_state(args.checkpoint)
    agent = load_agent(state, detect_kind(state, sizes), sizes)
    expected = [agent.decide(color, height, agent.encode_text(tokens)) for color, height, tokens in samples]
    del agent, state
    if args.logits is not None:
        graphs = open_graphs(args.package)
        write_logits(args.logits, [decide(graphs, *sample) for sample in samples])
        del graphs
    measured = parity(args.package, samples, expected)
    problems = parity_problems(measured)
    print(json.dumps({"package": str(args.package), "seed": args.seed, **measured, "problems": problems}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
