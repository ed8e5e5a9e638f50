"""Whether exported graphs decide as the trained network does: ONNX Runtime beside PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from .episodes import Cache
from .model import Edge
from .words import Tokenizer


def parity(edge: Edge, out: Path, samples: list[dict], exhaustive: bool = False) -> dict:
    """ONNX Runtime beside PyTorch on `samples` (color, height, tokens, suppress): how far apart, and how often they disagree."""
    sessions = {n: onnxruntime.InferenceSession(str(out / f"{n}.onnx"), providers=["CPUExecutionProvider"]) for n in ("text", "decide", "maps")}
    result = {"samples": len(samples), "cellsDiffer": 0, "maxTextDifference": 0.0, "maxProbabilityDifference": 0.0, "maxMapDifference": 0.0}
    for sample in samples:
        text = sessions["text"].run(None, {"tokens": sample["tokens"][None]})[0]
        feeds = {"color": sample["color"][None], "height": sample["height"][None], "text": text, "suppress": sample["suppress"][None]}
        ours, our_maps = sessions["decide"].run(None, feeds), sessions["maps"].run(None, feeds)
        with torch.no_grad():
            theirs_text = edge.text(torch.from_numpy(sample["tokens"][None]))
            args = [torch.from_numpy(feeds[name]) for name in ("color", "height")] + [theirs_text, torch.from_numpy(feeds["suppress"])]
            theirs, their_maps = edge.decide(*args, exhaustive), edge.maps(*args)
        result["maxTextDifference"] = max(result["maxTextDifference"], float(np.abs(text[:, : edge.config.text_size] - theirs_text.numpy()).max()))
        result["cellsDiffer"] += any(not np.array_equal(a, b.numpy()) for a, b in zip(ours[:3], theirs[:3], strict=True))
        for key, pairs in (("maxProbabilityDifference", zip(ours[3:], theirs[3:], strict=True)), ("maxMapDifference", zip(our_maps, their_maps, strict=True))):
            result[key] = max([result[key]] + [float(np.abs(a - b.numpy()).max()) for a, b in pairs])
    return result


def check_parity(result: dict) -> None:
    """@raises SystemExit when the exported graphs are not the trained net."""
    near = result["maxTextDifference"] < 1e-4 and result["maxProbabilityDifference"] < 1e-3 and result["maxMapDifference"] < 1e-2
    # Two cells of nearly equal value may swap by rounding: at most one in thirty samples.
    if not near or result["cellsDiffer"] > result["samples"] // 30:
        raise SystemExit(f"export: ONNX Runtime and PyTorch disagree, nothing was written: {json.dumps(result)}")


def random_samples(count: int, rows: int, cols: int, max_tokens: int, vocabulary: int) -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        {
            "color": rng.integers(0, 256, (rows // 8, cols // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1),
            "height": (rng.random((rows // 8, cols // 8)) * 0.1).astype(np.float32).repeat(8, 0).repeat(8, 1),
            "tokens": np.where(np.arange(max_tokens) < 8, rng.integers(2, vocabulary, max_tokens), 0),
            "suppress": (rng.random((rows, cols)) < 0.1).astype(np.float32),
        }
        for _ in range(count)
    ]


def recorded_samples(folder: Path, tokenizer: Tokenizer, count: int) -> list[dict]:
    """Recorded observations: a cache of episodes.py."""
    cache = Cache(folder)
    rng = np.random.default_rng(3)
    samples = []
    for index in np.linspace(0, len(cache) - 1, min(count, len(cache))).astype(int):
        suppress = np.zeros(cache.labels.shape[1:], np.float32)
        u, v = rng.integers(suppress.shape[0]), rng.integers(suppress.shape[1])
        suppress[u : u + 16, v : v + 16] = 1
        samples.append({
            "color": np.array(cache.color[index]), "height": cache.height[index].astype(np.float32),
            "tokens": tokenizer.encode(cache.samples[index]["truth"]["goal"]), "suppress": suppress,
        })  # fmt: skip
    return samples
