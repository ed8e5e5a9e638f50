"""Graphs of a package on disk: NAME.onnx and, beside it, NAME.weights."""

from __future__ import annotations

from pathlib import Path

import onnx


def save_graph(model: onnx.ModelProto, folder: Path, name: str) -> None:
    """Weights go beside the graph: the runtime maps them into memory instead of reading them."""
    onnx.save(model, folder / f"{name}.onnx", save_as_external_data=True, location=f"{name}.weights", size_threshold=1024)
    onnx.checker.check_model(folder / f"{name}.onnx")
    for file in folder.glob(f"{name}.*"):
        file.chmod(0o644)  # onnx makes weights that only their owner can read
