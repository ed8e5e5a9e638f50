"""Whether a package decides as the reference does: ONNX Runtime beside PyTorch, logit by logit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from .sizes import Sizes
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


def open_graphs(folder: Path, threads: int = 1) -> dict[str, onnxruntime.InferenceSession]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return {name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]) for name in ("text", "attention", "transport")}


def decide(graphs: dict[str, onnxruntime.InferenceSession], color: Tensor, height: Tensor, tokens: Tensor) -> dict:
    """What `Agent.decide` answers, from a package's graphs."""
    scene = {"color": color.numpy(), "height": height.numpy(), "text": graphs["text"].run(["text"], {"tokens": tokens.numpy()})[0]}
    pick, pick_logits = graphs["attention"].run(["pick_pixel", "pick_logits"], scene | {"suppress": np.zeros_like(scene["height"])})
    place, rotation, place_logits = graphs["transport"].run(["place_pixel", "place_rotation", "place_logits"], scene | {"pick_pixel": pick})
    cell = lambda pixel: (int(pixel[0]), int(pixel[1]))
    return {"pick_logits": pick_logits, "pick": cell(pick), "place_logits": place_logits, "place": cell(place), "rotation": int(rotation[0])}


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
