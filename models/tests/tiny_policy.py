"""A policy package of a few kilobytes, for tests of the runtime: heads and inputs that `edge` has not, and tensor names of its own.

    PYTHONPATH=models python -m tests.tiny_policy --out models/tests/tiny-policy

It picks the highest cell that is not suppressed, places at the highest of all, and answers constants for the rest:
grasp_yaw 0.5 rad, tilt 0.1 and -0.2 rad; grasp_width is 0.08 m times the share of cells that were seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cliport_edge.export import OPSET, PUBLISHED_WORKSPACE, UNITS, graph_of

ROWS, COLS, MAX_TOKENS = 320, 160, 24
WORDS = ["put", "the", "red", "blocks", "block", "in", "a", "green", "bowl"]
FUNCTION_WORDS = ["the", "in", "a"]
# Tensor -> role, where they differ.
ROLE_OF = {"rgb": "color", "z": "height", "sentence": "text", "failed": "suppress", "visible": "seen", "ids": "tokens", "embedding": "text"}

SCENE = [
    ("rgb", TensorProto.UINT8, [1, ROWS, COLS, 3]), ("z", TensorProto.FLOAT, [1, ROWS, COLS]), ("sentence", TensorProto.FLOAT, [1, MAX_TOKENS]),
    ("failed", TensorProto.FLOAT, [1, ROWS, COLS]), ("visible", TensorProto.UINT8, [1, ROWS, COLS]),
]  # fmt: skip
TEXT_NODES = [helper.make_node("Cast", ["ids"], ["embedding"], to=TensorProto.FLOAT)]


def constant(name: str, value, dtype) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value, dtype), name)


def cell_nodes(score: str, out: str) -> list[onnx.NodeProto]:
    """Row and column of the largest of `score`, 1 x rows x cols."""
    return [
        helper.make_node("Reshape", [score, "flat"], [f"{out}_flat"]),
        helper.make_node("ArgMax", [f"{out}_flat"], [f"{out}_index"], axis=0, keepdims=1),
        helper.make_node("Div", [f"{out}_index", "cols"], [f"{out}_u"]),
        helper.make_node("Mod", [f"{out}_index", "cols"], [f"{out}_v"]),
        helper.make_node("Concat", [f"{out}_u", f"{out}_v"], [out], axis=0),
    ]


def decide_nodes() -> list[onnx.NodeProto]:
    copy = lambda source, out: helper.make_node("Identity", [source], [out])
    return [
        helper.make_node("Sub", ["z", "failed"], ["free"]),
        *cell_nodes("free", "pick_pixel"),
        *cell_nodes("z", "place_pixel"),
        copy("nine", "place_rotation"),
        *(copy("probability", name) for name in ("pick_probability", "place_probability", "remaining", "found")),
        copy("yaw", "grasp_yaw"),
        copy("tilts", "tilt"),
        helper.make_node("Cast", ["visible"], ["visible_float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["visible_float"], ["share"], axes=[0, 1, 2], keepdims=0),
        helper.make_node("Mul", ["share", "widest"], ["width_scalar"]),
        helper.make_node("Reshape", ["width_scalar", "one"], ["grasp_width"]),
    ]


def map_nodes() -> list[onnx.NodeProto]:
    """Both maps are the heights, 1 at the top of the workspace."""
    return [
        helper.make_node("Div", ["z", "top"], ["level"]),
        *(helper.make_node("Reshape", ["level", "map_shape"], [name]) for name in ("pick_map", "place_map")),
    ]


CONSTANTS = [
    constant("flat", [ROWS * COLS], np.int64), constant("cols", [COLS], np.int64), constant("nine", [9], np.int64),
    constant("probability", [0.75], np.float32), constant("yaw", [0.5], np.float32), constant("tilts", [0.1, -0.2], np.float32),
    constant("widest", 0.08, np.float32), constant("one", [1], np.int64),
]  # fmt: skip

MAP_CONSTANTS = [constant("top", 0.28, np.float32), constant("map_shape", [ROWS, COLS], np.int64)]

DECISIONS = [
    ("pick_pixel", TensorProto.INT64, [2]), ("place_pixel", TensorProto.INT64, [2]), ("place_rotation", TensorProto.INT64, [1]),
    *((name, TensorProto.FLOAT, [1]) for name in ("pick_probability", "place_probability", "remaining", "found", "grasp_yaw", "grasp_width")),
    ("tilt", TensorProto.FLOAT, [2]),
]  # fmt: skip


def save(path: Path, nodes, inputs, outputs, constants=()) -> None:
    info = lambda tensors: [helper.make_tensor_value_info(*tensor) for tensor in tensors]
    graph = helper.make_graph(nodes, path.stem, info(inputs), info(outputs), list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def by_role(graph: dict) -> dict:
    rename = lambda tensors: {ROLE_OF.get(name, name): tensor for name, tensor in tensors.items()}
    return graph | {"inputs": rename(graph["inputs"]), "outputs": rename(graph["outputs"])}


def write(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    save(out / "text.onnx", TEXT_NODES, [("ids", TensorProto.INT64, [1, MAX_TOKENS])], [("embedding", TensorProto.FLOAT, [1, MAX_TOKENS])])
    save(out / "decide.onnx", decide_nodes(), SCENE, DECISIONS, CONSTANTS)
    save(out / "maps.onnx", map_nodes(), SCENE, [(name, TensorProto.FLOAT, [ROWS, COLS]) for name in ("pick_map", "place_map")], MAP_CONSTANTS)
    tokenizer = {
        "format": "cliport-tokenizer", "version": 1, "kind": "words", "maxTokens": MAX_TOKENS, "padding": 0, "unknown": 1,
        "functionWords": FUNCTION_WORDS, "words": WORDS,
    }  # fmt: skip
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1) + "\n")
    names = ["decide.onnx", "text.onnx", "maps.onnx", "tokenizer.json"]
    manifest = {
        "format": "cliport-policy", "version": 2, "name": "tiny", "architecture": "highest-cell", "units": UNITS, "workspace": PUBLISHED_WORKSPACE,
        "rows": ROWS, "cols": COLS, "rotations": 36, "end_effectors": ["two_finger"],
        "tokenizer": {"file": "tokenizer.json", "max_tokens": MAX_TOKENS},
        "thresholds": {"pick": 0.5, "place": 0.5, "remaining": 0.5, "found": 0.5},
        "files": {n: {"sha256": hashlib.sha256((out / n).read_bytes()).hexdigest(), "bytes": (out / n).stat().st_size} for n in names},
        "models": {n: by_role(graph_of(out / f"{n}.onnx")) for n in ("decide", "text", "maps")},
        "lexicon": {"nouns": {"block": ["block"], "bowl": ["bowl"]}, "colors": {"red": "#ff5759", "green": "#59a94f"}, "relations": {"in": ["in"]}, "tasks": []},
        "training": {}, "scores": {},
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()
