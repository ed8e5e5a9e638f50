"""Weights of Moonshine's ONNX Runtime files (.ort): read into PyTorch, and written back into a file of the same graph.

The graphs' matrices are unsigned 8 bit with a scale and a zero point of each matrix; convolutions, norms and biases are float32.
A file that is written differs from the original in its weights alone, so it runs wherever and as fast as that one does.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .moonshine import LAYERS, Decoder, Encoder

ENCODER, DECODER = "encoder_original.ort", "decoder_model_merged.ort"
"""The original encoder is fetched by `scripts/fetch-voice --original`; encoder_model.ort is the adapted one."""
PRODUCTS = ("MatMulIntegerToFloat", "DynamicQuantizeMatMul")
KINDS = {1: np.float32, 2: np.uint8}


def flatbuffers():
    """ONNX Runtime's own reader of its format, which its wheel has as a top-level package inside a folder of tools."""
    import onnxruntime.tools.ort_format_model as tools

    folder = str(Path(tools.__file__).parent)
    if folder not in sys.path:
        sys.path.append(folder)
    from ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

    return InferenceSession


class Graph:
    """A file's weights by their names, as views of its bytes: what is written to them is in `bytes`."""

    def __init__(self, file: Path):
        self.bytes = bytearray(file.read_bytes())
        self.tensors: dict[str, np.ndarray] = {}
        self.products: dict[str, str] = {}
        """Projection ("layers.0/self_attn/q_proj", "logits") -> name of its matrix, without its endings."""
        self._read(flatbuffers().GetRootAs(self.bytes, 0).Model().Graph())

    def _read(self, graph) -> None:
        for i in range(graph.InitializersLength()):
            tensor = graph.Initializers(i)
            if tensor.DataType() in KINDS and tensor.RawDataLength() > 0:
                shape = [tensor.Dims(k) for k in range(tensor.DimsLength())]
                self.tensors[tensor.Name().decode()] = tensor.RawDataAsNumpy().view(KINDS[tensor.DataType()]).reshape(shape)
        for i in range(graph.NodesLength()):
            node = graph.Nodes(i)
            if node.OpType().decode() in PRODUCTS:
                matrix = node.Inputs(1).decode().removesuffix("_quantized")
                self.products[re.sub(r"^.*?(layers\.|logits)|/(MatMul|Add)_output_0$", r"\1", node.Outputs(0).decode())] = matrix
            # The decoder's graph without a past: its other one has the same weights, but for what the sound's keys are made of.
            for k in range(node.AttributesLength()):
                if node.Attributes(k).Name().decode() == "else_branch":
                    self._read(node.Attributes(k).G())

    def matrix(self, name: str) -> np.ndarray:
        zero = float(self.tensors[f"{name}_zero_point"])
        return (self.tensors[f"{name}_quantized"].astype(np.float32) - zero) * float(self.tensors[f"{name}_scale"])

    def set_matrix(self, name: str, values: np.ndarray) -> None:
        """Quantized anew: the range of its values, zero among them, in 255 steps."""
        least, most = min(0.0, float(values.min())), max(0.0, float(values.max()))
        scale = np.float32((most - least) / 255)
        zero = np.uint8(np.clip(round(-least / float(scale)), 0, 255))
        self.tensors[f"{name}_scale"][...] = scale
        self.tensors[f"{name}_zero_point"][...] = zero
        self.tensors[f"{name}_quantized"][...] = np.clip(np.rint(values / scale) + zero, 0, 255).astype(np.uint8)


def encoder_names(graph: Graph) -> tuple[dict[str, str], dict[str, str]]:
    """Names in PyTorch -> float tensors in the file, and -> matrices, which are transposed there."""
    floats = {f"conv{k}.weight": f"conv{k}.weight_add_tensor" for k in (1, 2, 3)} | {f"conv{k}.bias": f"conv{k}.bias" for k in (2, 3)}
    floats |= {f"norm.{part}": next(name for name in graph.tensors if name.startswith(f"onnx::{op}_")) for part, op in (("weight", "Mul"), ("bias", "Add"))}
    floats["last_norm.weight"] = "layer_norm.weight"
    matrices = {}
    for layer in range(LAYERS):
        at = f"layers.{layer}"
        floats |= {f"{at}.norm1.weight": f"{at}.input_layernorm.weight", f"{at}.norm2.weight": f"{at}.post_attention_layernorm.weight"}
        floats |= {f"{at}.up.bias": f"{at}.mlp.fc1.bias", f"{at}.down.bias": f"{at}.mlp.fc2.bias"}
        matrices |= {f"{at}.attention.{part}.weight": graph.products[f"{at}/self_attn/{part}_proj"] for part in "qkvo"}
        matrices |= {f"{at}.up.weight": graph.products[f"{at}/mlp/fc1"], f"{at}.down.weight": graph.products[f"{at}/mlp/fc2"]}
    return floats, matrices


def decoder_names(graph: Graph) -> tuple[dict[str, str], dict[str, str]]:
    root = "model.decoder"
    floats, matrices = {"last_norm.weight": f"{root}.norm.weight_merged_0"}, {"output.weight": graph.products["logits"]}
    norms = {"norm1": "input_layernorm", "norm2": "post_attention_layernorm", "norm3": "final_layernorm"}
    for layer in range(LAYERS):
        at = f"layers.{layer}"
        floats |= {f"{at}.{norm}.weight": f"{root}.{at}.{name}.weight_merged_0" for norm, name in norms.items()}
        floats |= {f"{at}.{part}.bias": f"{root}.{at}.mlp.{name}.bias_merged_0" for part, name in (("up", "fc1"), ("down", "fc2"))}
        for part, name in (("attention", "self_attn"), ("cross", "encoder_attn")):
            matrices |= {f"{at}.{part}.{each}.weight": graph.products[f"{at}/{name}/{each}_proj"] for each in "qkvo"}
        matrices |= {f"{at}.up.weight": graph.products[f"{at}/mlp/fc1"], f"{at}.down.weight": graph.products[f"{at}/mlp/fc2"]}
    return floats, matrices


def weights_in(graph: Graph, floats: dict[str, str], matrices: dict[str, str], shapes: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {name: graph.tensors[stored].reshape(shapes[name].shape).copy() for name, stored in floats.items()}
    found |= {name: graph.matrix(stored).T.copy() for name, stored in matrices.items()}
    return {name: torch.from_numpy(values) for name, values in found.items()}


def encoder_of(model: Path) -> Encoder:
    """@param model folder of Moonshine's files, or an encoder's file. @raises KeyError for another graph"""
    graph, encoder = Graph(model / ENCODER if model.is_dir() else model), Encoder()
    encoder.load_state_dict(weights_in(graph, *encoder_names(graph), encoder.state_dict()))
    return encoder


def decoder_of(model: Path) -> Decoder:
    """@param model folder of Moonshine's files. @raises KeyError for another graph"""
    graph, decoder = Graph(model / DECODER), Decoder()
    weights = weights_in(graph, *decoder_names(graph), decoder.state_dict())
    table = graph.matrix("model.decoder.embed_tokens.weight_merged_0")
    decoder.load_state_dict(weights | {"embedding.weight": torch.from_numpy(table)})
    return decoder


def write_encoder(encoder: Encoder, original: Path, out: Path) -> None:
    """@param original the file whose graph it gets"""
    graph, weights = Graph(original), encoder.state_dict()
    floats, matrices = encoder_names(graph)
    for name, stored in floats.items():
        graph.tensors[stored][...] = weights[name].numpy().reshape(graph.tensors[stored].shape)
    for name, stored in matrices.items():
        graph.set_matrix(stored, weights[name].numpy().T)
    out.write_bytes(graph.bytes)
