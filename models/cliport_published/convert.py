"""A checkpoint of the published code to a policy package.

    python -m cliport_published.convert --checkpoint cliport.ckpt --out models/NAME [--name NAME] [--agent cliport]

`cliport convert CHECKPOINT --out FOLDER` runs it. The last line of its output is one JSON object: the package, or
{"problems": [...]} with exit code 1 for a file that is no such checkpoint or graphs that do not decide as PyTorch does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

from .agent import KINDS, Agent
from .checkpoint import CheckpointInvalid, detect_kind, load_agent, read_state
from .graph_files import save_graph
from .graphs import AttentionGraph, TextGraph, TransportGraph
from .lexicon import lexicon
from .parity import decide, frames, frames_of, open_graphs, parity, parity_problems
from .quantize import compared, quantize, split
from .sizes import Sizes, read_sizes
from .tokenizer import ClipTokenizer

OPSET = 17
UNITS = {"length": "m", "angle": "rad", "color": "srgb8"}
PIXEL_M = 0.003125
# The published networks were trained with a suction gripper and know neither when a goal is reached nor when a thing is absent.
END_EFFECTORS = ["suction_cup"]
# Fewer say nothing about the ranges of activations, or leave none to compare on.
LEAST_FRAMES = 4
THRESHOLDS = {"pick": 0, "place": 0, "remaining": 0, "found": 0}


def roles_of(sizes: Sizes, text_size: int) -> dict:
    """Graph -> inputs and outputs: role -> type and shape. Every tensor is called by its role."""
    rows, cols = sizes.rows, sizes.cols
    one, pixel, cells = ("float32", [1]), ("int64", [2]), ("float32", [rows, cols])
    text = ("float32", [1, text_size])
    scene = {"color": ("uint8", [1, rows, cols, 3]), "height": ("float32", [1, rows, cols]), "text": text}
    return {
        "text": ({"tokens": ("int64", [1, sizes.text_length])}, {"text": text}),
        "attention": (
            scene | {"suppress": ("float32", [1, rows, cols])},
            {"pick_pixel": pixel, "pick_probability": one, "pick_map": cells, "pick_logits": cells},
        ),
        "transport": (
            scene | {"pick_pixel": pixel},
            {"place_pixel": pixel, "place_rotation": ("int64", [1]), "place_probability": one, "place_map": cells,
             "place_logits": ("float32", [sizes.rotations, rows, cols])},
        ),
    }  # fmt: skip


def export_graph(module: nn.Module, roles: tuple[dict, dict], folder: Path, name: str) -> None:
    """A module as a graph whose tensors are called by their roles."""
    inputs, outputs = roles
    examples = tuple(torch.zeros(shape, dtype=getattr(torch, kind)) for kind, shape in inputs.values())
    whole = folder / f"{name}.whole"
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), examples, str(whole), input_names=list(inputs), output_names=list(outputs),
            opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    model = onnx.load(whole)
    whole.unlink()
    used = {value.name for value in model.graph.input}
    for role, (kind, shape) in inputs.items():
        # An agent that reads no text still takes the input, so that all packages are fed alike.
        if role not in used:
            element = getattr(onnx.TensorProto, kind.upper().replace("FLOAT32", "FLOAT"))
            model.graph.input.append(onnx.helper.make_tensor_value_info(role, element, shape))
    for value in [*model.graph.input, *model.graph.output]:
        shape = (inputs | outputs)[value.name][1]
        value.type.tensor_type.shape.CopyFrom(onnx.helper.make_tensor_type_proto(1, shape).tensor_type.shape)
    save_graph(model, folder, name)


def graph_entry(name: str, roles: tuple[dict, dict], has_weights: bool) -> dict:
    """A graph in the manifest. The logits are for people who compare; the runtime does not read them."""
    side = lambda tensors: {role: {"tensor": role, "type": kind, "shape": shape} for role, (kind, shape) in tensors.items() if not role.endswith("_logits")}
    weights = {"weights": f"{name}.weights"} if has_weights else {}
    return {"file": f"{name}.onnx", **weights, "inputs": side(roles[0]), "outputs": side(roles[1])}


def workspace_of(sizes: Sizes) -> dict:
    """The published one; of another number of cells, the same corner and resolution."""
    return {
        "x_min_m": 0.25, "x_max_m": 0.25 + sizes.cols * PIXEL_M, "y_min_m": -0.5, "y_max_m": -0.5 + sizes.rows * PIXEL_M,
        "z_min_m": 0.0, "z_max_m": 0.28, "pixel_m": PIXEL_M,
    }  # fmt: skip


def file_entry(file: Path) -> dict:
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest(), "bytes": file.stat().st_size}


def export_graphs(agent: Agent, folder: Path) -> dict:
    """Writes the three graphs; returns the manifest's `models`. The agent's norms are those of an export from then on."""
    text = TextGraph(agent)
    text_size = max(1, len(text.encoders) * agent.sizes.text_embedding)
    roles = roles_of(agent.sizes, text_size)
    modules = {"text": text, "attention": AttentionGraph(agent, text.slot_of), "transport": TransportGraph(agent, text.slot_of)}
    for name, module in modules.items():
        print(f"exporting {name}", flush=True)
        export_graph(module, roles[name], folder, name)
    return {name: graph_entry(name, roles[name], (folder / f"{name}.weights").exists()) for name in modules}


def to_int8(folder: Path, calibration: Path, sizes: Sizes) -> dict:
    """
    Replaces a package's networks by their int8 form; returns the manifest's `precision`.
    @raises CheckpointInvalid for frames of another size, or too few
    """
    try:
        samples, source = frames_of(calibration, ClipTokenizer(sizes.text_length))
    except (OSError, KeyError, ValueError) as cause:
        raise CheckpointInvalid([f"{calibration} has no frames to calibrate on: {cause}"]) from cause
    received = {tuple(color.shape[1:3]) for color, _, _ in samples}
    if received != {(sizes.rows, sizes.cols)} or len(samples) < LEAST_FRAMES:
        raise CheckpointInvalid([f"{calibration}: expected at least {LEAST_FRAMES} frames of {sizes.rows} x {sizes.cols} cells but received {len(samples)} of {sorted(received)}"])
    used, kept = split(samples)
    graphs = open_graphs(folder)
    expected = [decide(graphs, *sample) for sample in kept]
    del graphs
    quantize(folder, used)
    print(f"comparing int8 with fp32 on {len(kept)} other frames", flush=True)
    return {"type": "int8", "accuracy": "unverified", "calibration": {"frames": len(used), "source": source}, "agreement": compared(folder, kept, expected)}


def export_checked(state: dict, kind: str, sizes: Sizes, tokenizer: ClipTokenizer, folder: Path) -> tuple[dict, dict]:
    """
    Writes the graphs and decides with them and with PyTorch; returns the manifest's `models` and how far the two lie apart.
    The agent's copy of the weights, 1 GB at official size, is gone when it returns.
    @raises CheckpointInvalid for weights that do not fit, and when ONNX Runtime and the reference disagree
    """
    agent = load_agent(state, kind, sizes)
    samples = frames(2, sizes, tokenizer)
    print("deciding with PyTorch", flush=True)
    expected = [agent.decide(color, height, agent.encode_text(tokens)) for color, height, tokens in samples]
    models = export_graphs(agent, folder)
    print("deciding with ONNX Runtime", flush=True)
    measured = parity(folder, samples, expected)
    if problems := parity_problems(measured):
        raise CheckpointInvalid(problems)
    return models, measured


def write_package(state: dict, kind: str, sizes: Sizes, name: str, source: dict, out: Path, calibration: Path | None = None) -> dict:
    """
    Writes the package beside `out` and moves it there when everything in it has been checked: in fp32 or, where there are
    frames to calibrate on, in int8.
    @raises CheckpointInvalid for weights or frames that do not fit, and when ONNX Runtime and the reference disagree
    """
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        tokenizer = ClipTokenizer(sizes.text_length)
        (part / "tokenizer.json").write_text(json.dumps(tokenizer.to_json(), ensure_ascii=False, indent=0) + "\n")
        models, measured = export_checked(state, kind, sizes, tokenizer, part)
        precision = {} if calibration is None else {"precision": to_int8(part, calibration, sizes)}
        manifest = {
            "format": "cliport-policy", "version": 2, "name": name, "architecture": kind, "units": UNITS, "workspace": workspace_of(sizes),
            "rows": sizes.rows, "cols": sizes.cols, "rotations": sizes.rotations, "end_effectors": END_EFFECTORS,
            "tokenizer": {"file": "tokenizer.json", "max_tokens": sizes.text_length}, "thresholds": THRESHOLDS,
            "files": {file.name: file_entry(file) for file in sorted(part.iterdir())}, "models": models, "lexicon": lexicon(),
            "network": sizes.to_json(), "training": source, "scores": {"parity": measured}, **precision,
        }  # fmt: skip
        (part / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the package; must not exist")
    parser.add_argument("--name", help="the policy's name; default: that of the folder")
    parser.add_argument("--agent", choices=list(KINDS), help="default: the one whose keys fit best")
    parser.add_argument("--int8", type=Path, metavar="FRAMES", help="the networks in int8, calibrated on these frames (parity.py says which files); absent: fp32")
    parser.add_argument("--sizes", type=Path, help="JSON with fields of cliport_published.sizes.Sizes, for tests; absent: as published")
    args = parser.parse_args()
    torch.set_num_threads(1)
    try:
        if args.out.exists():
            raise CheckpointInvalid([f"there is {args.out} already"])
        sizes = read_sizes(args.sizes)
        state = read_state(args.checkpoint)
        kind = args.agent or detect_kind(state, sizes)
        source = {"checkpoint": {"file": args.checkpoint.name, **file_entry(args.checkpoint)}, "agent": kind}
        manifest = write_package(state, kind, sizes, args.name or args.out.name, source, args.out, args.int8)
    except CheckpointInvalid as invalid:
        print(json.dumps({"problems": invalid.problems}))
        return 1
    precision = {"precision": manifest["precision"]} if "precision" in manifest else {}
    print(json.dumps({"package": str(args.out), "name": manifest["name"], "agent": kind, "parity": manifest["scores"]["parity"], **precision}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
