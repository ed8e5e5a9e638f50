"""A checkpoint to a policy package: ONNX files, tokenizer, manifest; with a parity check against PyTorch.

    python -m cliport_edge.export --checkpoint runs/edge/best.pt --out models/edge [--data CACHE]

Without --checkpoint an untrained package is written (for tests of the runtime): it runs, and knows nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from .checkpoint import load_edge, tokenizer_of
from .deployed import Deployed
from .lexicon import lexicon
from .model import Edge
from .parity import check_parity, parity, random_samples, recorded_samples
from .words import Tokenizer

OPSET = 17
# The unit of every number of a package, by the ending of its name; colours are sRGB, 8 bits a channel.
UNITS = {"length": "m", "angle": "rad", "color": "srgb8"}
# Trained with demonstrations of these (src/sim/): a grasp is a point on a surface that a cup seals on.
END_EFFECTORS = ["suction_cup"]
PUBLISHED_WORKSPACE = {"x_min_m": 0.25, "x_max_m": 0.75, "y_min_m": -0.5, "y_max_m": 0.5, "z_min_m": 0.0, "z_max_m": 0.28, "pixel_m": 0.003125}
DEFAULT_THRESHOLDS = {"pick": 0.5, "place": 0.5, "remaining": 0.5, "found": 0.5}
TYPE_OF = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT64: "int64", onnx.TensorProto.UINT8: "uint8"}


class _Call(nn.Module):
    """One method of the net as a module of its own, which is what the exporter takes."""

    def __init__(self, net: Deployed, method):
        super().__init__()
        self.net = net
        self.method = method

    def forward(self, *inputs):
        return self.method(*inputs)


def export_graphs(net: Deployed, out: Path, max_tokens: int) -> None:
    c = net.edge.config
    image = (
        torch.zeros(1, c.rows, c.cols, 3, dtype=torch.uint8),
        torch.zeros(1, c.rows, c.cols),
        torch.zeros(1, sum(net.sizes)),
        torch.zeros(1, c.rows, c.cols),
    )
    inputs = ["color", "height", "text", "suppress"]
    decisions = ["pick_pixel", "place_pixel", "place_rotation", "place_turn", "pick_probability", "place_probability", "remaining", "found"]
    graphs = [
        ("text.onnx", net.text, (torch.ones(1, max_tokens, dtype=torch.int64),), ["tokens"], ["text"]),
        ("decide.onnx", net.decide, image, inputs, decisions),
        ("maps.onnx", net.maps, image, inputs, ["pick_map", "place_map"]),
    ]
    for name, method, example, input_names, output_names in graphs:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Call(net, method).eval(), example, str(out / name), input_names=input_names, output_names=output_names,
                opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        model = onnx.load(out / name)
        onnx.checker.check_model(model, full_check=True)


def graph_of(path: Path) -> dict:
    """A graph as the manifest holds it: its file, and its tensors by role. Our graphs call every tensor by its role.

    Shapes are those that the runtime will see, so ONNX Runtime is asked: the exporter leaves some symbolic.
    """
    graph = onnx.load(path).graph
    kinds = {value.name: TYPE_OF[value.type.tensor_type.elem_type] for value in [*graph.input, *graph.output]}
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {i.name: np.zeros(i.shape, {"float32": np.float32, "int64": np.int64, "uint8": np.uint8}[kinds[i.name]]) for i in session.get_inputs()}
    results = session.run(None, feeds)
    tensor = lambda name, shape: {"tensor": name, "type": kinds[name], "shape": list(shape)}
    return {
        "file": path.name,
        "inputs": {i.name: tensor(i.name, i.shape) for i in session.get_inputs()},
        "outputs": {o.name: tensor(o.name, value.shape) for o, value in zip(session.get_outputs(), results, strict=True)},
    }


def workspace_of(training: dict) -> dict:
    """Of the data that a checkpoint was trained on (docs/recordings.md has other names for the keys); untrained: as published."""
    if not training:
        return PUBLISHED_WORKSPACE
    snake = lambda name: re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)
    return {snake(name): value for name, value in training["data"][0]["workspace"].items()}


def write_package(
    edge: Edge, tokenizer: Tokenizer, out: Path, samples: list[dict], training: dict, scores: dict, thresholds: dict, exhaustive: bool = False
) -> dict:
    """Writes the package beside `out` and moves it there when everything in it has been checked."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    export_graphs(Deployed(edge, exhaustive), part, tokenizer.max_tokens)
    (part / "tokenizer.json").write_text(json.dumps(tokenizer.to_json(), indent=1) + "\n")
    measured = parity(edge, part, samples, exhaustive)
    check_parity(measured)
    names = ["decide.onnx", "text.onnx", "maps.onnx", "tokenizer.json"]
    manifest = {
        "format": "cliport-policy",
        "version": 2,
        "name": "edge",
        "architecture": "edge",
        "units": UNITS,
        "workspace": workspace_of(training),
        "rows": edge.config.rows,
        "cols": edge.config.cols,
        "rotations": edge.config.rotations,
        "end_effectors": END_EFFECTORS,
        "tokenizer": {"file": "tokenizer.json", "max_tokens": tokenizer.max_tokens},
        "thresholds": thresholds,
        "files": {n: {"sha256": hashlib.sha256((part / n).read_bytes()).hexdigest(), "bytes": (part / n).stat().st_size} for n in names},
        "models": {n.removesuffix(".onnx"): graph_of(part / n) for n in names if n.endswith(".onnx")},
        "lexicon": lexicon(tokenizer),
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
    parser.add_argument("--exhaustive", action="store_true", help="look for the place on the whole map: slower, to compare with (agreement.py)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = tokenizer_of(args.checkpoint)
    edge, card = load_edge(args.checkpoint, tokenizer, **({"zooms": False} if args.without_zoom else {}))
    c = edge.config
    samples = random_samples(4, c.rows, c.cols, tokenizer.max_tokens, tokenizer.size)
    if args.data is not None:
        samples += recorded_samples(args.data, tokenizer, 32)
    scores = card.get("scores", {}) if args.checkpoint else {"status": "untrained: runs, and knows nothing"}
    thresholds = card.get("thresholds", DEFAULT_THRESHOLDS)
    manifest = write_package(edge, tokenizer, args.out, samples, card.get("training", {}), scores, thresholds, args.exhaustive)
    print(json.dumps({"out": str(args.out), "files": manifest["files"], "scores": manifest["scores"]}))


if __name__ == "__main__":
    main()
