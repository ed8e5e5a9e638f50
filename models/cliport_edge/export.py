"""A checkpoint to a policy package: ONNX files, tokenizer, manifest; with a parity check against PyTorch.

    python -m cliport_edge.export --checkpoint runs/edge/best.pt --out models/edge [--data CACHE]

Without --checkpoint an untrained package is written (for tests of the runtime): it runs, and knows nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from .model import Edge, EdgeConfig
from .words import Tokenizer

OPSET = 17
PUBLISHED_WORKSPACE = {"xMinM": 0.25, "xMaxM": 0.75, "yMinM": -0.5, "yMaxM": 0.5, "zMinM": 0.0, "zMaxM": 0.28, "pixelM": 0.003125}
DEFAULT_THRESHOLDS = {"pick": 0.5, "place": 0.5, "remaining": 0.5, "found": 0.5}
TYPE_OF = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT64: "int64", onnx.TensorProto.UINT8: "uint8"}


class _Call(nn.Module):
    """One method of the net as a module of its own, which is what the exporter takes."""

    def __init__(self, edge: Edge, method):
        super().__init__()
        self.edge = edge
        self.method = method

    def forward(self, *inputs):
        return self.method(*inputs)


def load_edge(checkpoint: Path | None, tokenizer: Tokenizer, **changes) -> tuple[Edge, dict]:
    """The net with a checkpoint's weights, and the checkpoint's card. Checkpoints are read without executing anything."""
    if checkpoint is None:
        torch.manual_seed(0)
        config = EdgeConfig(vocabulary=tokenizer.size)
        return Edge(config, torch.from_numpy(tokenizer.color_features())).eval(), {}
    state = torch.load(checkpoint, weights_only=True)
    edge = Edge(EdgeConfig(**state["config"] | changes), torch.from_numpy(tokenizer.color_features()))
    edge.load_state_dict(state["model"])
    return edge.eval(), state.get("card", {})


def export_graphs(edge: Edge, out: Path, max_tokens: int) -> None:
    c = edge.config
    image = (
        torch.zeros(1, c.rows, c.cols, 3, dtype=torch.uint8),
        torch.zeros(1, c.rows, c.cols),
        torch.zeros(1, c.text_size),
        torch.zeros(1, c.rows, c.cols),
    )
    inputs = ["color", "height", "text", "suppress"]
    decisions = ["pick_pixel", "place_pixel", "place_rotation", "place_turn", "pick_probability", "place_probability", "remaining", "found"]
    graphs = [
        ("text.onnx", edge.text, (torch.ones(1, max_tokens, dtype=torch.int64),), ["tokens"], ["text"]),
        ("decide.onnx", edge.decide, image, inputs, decisions),
        ("maps.onnx", edge.maps, image, inputs, ["pick_map", "place_map"]),
    ]
    for name, method, example, input_names, output_names in graphs:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Call(edge, method).eval(), example, str(out / name), input_names=input_names, output_names=output_names,
                opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        model = onnx.load(out / name)
        onnx.checker.check_model(model, full_check=True)


def signature(path: Path) -> dict:
    """Names, types and shapes of a graph's tensors, as the manifest holds them.

    Shapes are those that the runtime will see, so ONNX Runtime is asked: the exporter leaves some symbolic.
    """
    graph = onnx.load(path).graph
    kinds = {value.name: TYPE_OF[value.type.tensor_type.elem_type] for value in [*graph.input, *graph.output]}
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {i.name: np.zeros(i.shape, {"float32": np.float32, "int64": np.int64, "uint8": np.uint8}[kinds[i.name]]) for i in session.get_inputs()}
    results = session.run(None, feeds)
    return {
        "inputs": [{"name": i.name, "type": kinds[i.name], "shape": list(i.shape)} for i in session.get_inputs()],
        "outputs": [
            {"name": o.name, "type": kinds[o.name], "shape": list(value.shape)}
            for o, value in zip(session.get_outputs(), results, strict=True)
        ],
    }


def parity(edge: Edge, out: Path, samples: list[dict], max_tokens: int) -> dict:
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
            theirs, their_maps = edge.decide(*args), edge.maps(*args)
        result["maxTextDifference"] = max(result["maxTextDifference"], float(np.abs(text - theirs_text.numpy()).max()))
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


def write_package(edge: Edge, tokenizer: Tokenizer, out: Path, samples: list[dict], training: dict, scores: dict, thresholds: dict) -> dict:
    """Writes the package beside `out` and moves it there when everything in it has been checked."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    export_graphs(edge, part, tokenizer.max_tokens)
    (part / "tokenizer.json").write_text(json.dumps(tokenizer.to_json(), indent=1) + "\n")
    measured = parity(edge, part, samples, tokenizer.max_tokens)
    check_parity(measured)
    names = ["decide.onnx", "text.onnx", "maps.onnx", "tokenizer.json"]
    manifest = {
        "format": "cliport-policy",
        "version": 1,
        "name": "edge",
        "architecture": "edge",
        "workspace": training["data"][0]["workspace"] if training else PUBLISHED_WORKSPACE,
        "rows": edge.config.rows,
        "cols": edge.config.cols,
        "rotations": edge.config.rotations,
        "tokenizer": {"file": "tokenizer.json", "maxTokens": tokenizer.max_tokens},
        "thresholds": thresholds,
        "files": {n: {"sha256": hashlib.sha256((part / n).read_bytes()).hexdigest(), "bytes": (part / n).stat().st_size} for n in names},
        "models": {n.removesuffix(".onnx"): signature(part / n) for n in names if n.endswith(".onnx")},
        "network": edge.config.to_json(),
        "training": training,
        "scores": {**scores, "parity": measured},
    }
    (part / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    part.rename(out)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="a .pt file of train.py; absent: untrained")
    parser.add_argument("--out", type=Path, required=True, help="folder of the package, replaced")
    parser.add_argument("--data", type=Path, help="cache folder of episodes.py: parity is checked on its samples")
    parser.add_argument("--without-zoom", action="store_true", help="decide by the coarse stage alone, to measure what the other is worth")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.default()
    edge, card = load_edge(args.checkpoint, tokenizer, **({"zooms": False} if args.without_zoom else {}))
    c = edge.config
    samples = random_samples(4, c.rows, c.cols, tokenizer.max_tokens, tokenizer.size)
    if args.data is not None:
        from .evaluate import parity_samples

        samples += parity_samples(args.data, tokenizer, 32)
    scores = card.get("scores", {}) if args.checkpoint else {"status": "untrained: runs, and knows nothing"}
    manifest = write_package(edge, tokenizer, args.out, samples, card.get("training", {}), scores, card.get("thresholds", DEFAULT_THRESHOLDS))
    print(json.dumps({"out": str(args.out), "files": manifest["files"], "scores": manifest["scores"]}))


if __name__ == "__main__":
    main()
