"""A package that decides in two graphs, with weights beside one of them and CLIP's tokenizer, for tests of the runtime.

    PYTHONPATH=models python -m tests.split_policy --out models/tests/split-policy

It picks the highest cell that is not suppressed and places at the point opposite it, as seen from the middle of the map.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from cliport_published.convert import END_EFFECTORS, OPSET, THRESHOLDS, UNITS, file_entry, graph_entry, roles_of, workspace_of
from cliport_published.lexicon import lexicon
from cliport_published.sizes import Sizes
from cliport_published.tokenizer import ClipTokenizer

from .tiny_policy import cell_nodes, constant

SIZES = Sizes(text_embedding=77)
ROLES = roles_of(SIZES, SIZES.text_embedding)
ELEMENT = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8}
TOP_M = 0.28


def picture(out: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Div", ["height", "top"], [f"{out}_level"]), helper.make_node("Reshape", [f"{out}_level", "map_shape"], [out])]


def save(folder: Path, name: str, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], weights: bool) -> None:
    inputs, outputs = ({role: spec for role, spec in side.items() if not role.endswith("_logits")} for side in ROLES[name])
    info = lambda side: [helper.make_tensor_value_info(role, ELEMENT[kind], shape) for role, (kind, shape) in side.items()]
    graph = helper.make_graph(nodes, name, info(inputs), info(outputs), constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    path = folder / f"{name}.onnx"
    (folder / f"{name}.weights").unlink(missing_ok=True)
    onnx.save(model, path, save_as_external_data=weights, location=f"{name}.weights", size_threshold=256)


def write(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    flat = [constant("flat", [SIZES.rows * SIZES.cols], np.int64), constant("cols", [SIZES.cols], np.int64)]
    shared = [constant("sure", [0.75], np.float32), constant("top", TOP_M, np.float32), constant("map_shape", [SIZES.rows, SIZES.cols], np.int64)]
    save(out, "text", [helper.make_node("Cast", ["tokens"], ["text"], to=TensorProto.FLOAT)], [], weights=False)
    attention = [
        helper.make_node("Add", ["height", "level"], ["surface"]), helper.make_node("Sub", ["surface", "suppress"], ["free"]), *cell_nodes("free", "pick_pixel"),
        helper.make_node("Identity", ["sure"], ["pick_probability"]), *picture("pick_map"),
    ]  # fmt: skip
    level = constant("level", np.zeros(SIZES.cols), np.float32)
    save(out, "attention", attention, [level, *flat, *shared], weights=True)
    transport = [
        helper.make_node("Sub", ["last_cell", "pick_pixel"], ["place_pixel"]), helper.make_node("Identity", ["nine"], ["place_rotation"]),
        helper.make_node("Identity", ["sure"], ["place_probability"]), *picture("place_map"),
    ]  # fmt: skip
    last = constant("last_cell", [SIZES.rows - 1, SIZES.cols - 1], np.int64)
    save(out, "transport", transport, [last, constant("nine", [9], np.int64), *shared], weights=False)
    (out / "tokenizer.json").write_text(json.dumps(ClipTokenizer(SIZES.text_length).to_json(), ensure_ascii=False, separators=(",", ":")) + "\n")
    names = ["text.onnx", "attention.onnx", "attention.weights", "transport.onnx", "tokenizer.json"]
    manifest = {
        "format": "cliport-policy", "version": 2, "name": "split", "architecture": "opposite-cell", "units": UNITS, "workspace": workspace_of(SIZES),
        "rows": SIZES.rows, "cols": SIZES.cols, "rotations": SIZES.rotations, "end_effectors": END_EFFECTORS,
        "tokenizer": {"file": "tokenizer.json", "max_tokens": SIZES.text_length}, "thresholds": THRESHOLDS,
        "files": {name: file_entry(out / name) for name in names},
        "models": {name: graph_entry(name, roles, name == "attention") for name, roles in ROLES.items()},
        "lexicon": lexicon(), "training": {}, "scores": {},
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for file in out.iterdir():
        file.chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()
