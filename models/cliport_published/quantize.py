"""The networks of a package in int8: weights by output channel, activations by tensor, with ranges seen on frames.

What stays fp32: the normalisation of the inputs and the first convolutions, whose input joins colours and heights, so that
one range would leave neither enough steps; the decoders' norms; what gates by the sentence; from the first convolution with
one to three outputs on, what makes logits and features: 256 steps would make ties of the best cells; the correlation. Calibration, scales and nodes are those of
onnxruntime.quantization, as QDQ: ONNX Runtime computes with integers where it has kernels, TensorRT too, and anything else
computes the same in fp32.

int8 x uint8 sums are exact on cores with VNNI and on arm64; older x64 cores saturate sums of two products.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, MinMaxCalibrater, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.quant_utils import add_infer_metadata

from .agent import TRANSPORT_CHANNELS
from .graph_files import save_graph
from .parity import Frame, decide, feeds_of, open_graphs

OPERATORS = ("Conv", "Add", "Concat", "Resize", "AveragePool", "Relu")
# The networks within each graph, as the exporter calls their scopes.
NETWORKS = {"attention": ("/streams/",), "transport": ("/key/", "/query/")}
# Outputs of a network: a logit, or the features of key and query.
MOST_FEATURES = TRANSPORT_CHANNELS
# Of every four frames three calibrate; the fourth is kept for the comparison.
KEPT_EVERY = 4


class _Feeds(CalibrationDataReader):
    def __init__(self, feeds: list[dict[str, np.ndarray]]):
        self._feeds: Iterator[dict[str, np.ndarray]] = iter(feeds)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


class _Ranges(MinMaxCalibrater):
    """Least and greatest value of each tensor, taken as soon as the tensor is there: in another order of the nodes all
    tensors are kept until the end, 12 GB at official size."""

    def create_inference_session(self) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.execution_order = onnxruntime.ExecutionOrder.PRIORITY_BASED
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        options.intra_op_num_threads = 1
        self.infer_session = onnxruntime.InferenceSession(self.augmented_model_path, options, providers=["CPUExecutionProvider"])


def split(samples: list[Frame]) -> tuple[list[Frame], list[Frame]]:
    """Frames to calibrate on, and others to compare on."""
    kept = samples[KEPT_EVERY - 1 :: KEPT_EVERY]
    return [sample for index, sample in enumerate(samples, 1) if index % KEPT_EVERY], kept


def quantized_nodes(model: onnx.ModelProto, graph: str) -> list[str]:
    """Names of the nodes that become integer: of the networks, between their first convolutions and those that make logits or features."""
    outputs_of = {weights.name: weights.dims[0] for weights in model.graph.initializer if weights.dims}
    behind_first: set[str] = set()
    behind_last: set[str] = set()
    names = []
    for node in model.graph.node:
        is_conv = node.op_type == "Conv"
        is_inside = not behind_first.isdisjoint(node.input)
        is_end = not behind_last.isdisjoint(node.input) or (is_conv and outputs_of.get(node.input[1], MOST_FEATURES + 1) <= MOST_FEATURES)
        if is_inside or is_conv:
            behind_first.update(node.output)
        if is_end:
            behind_last.update(node.output)
        if is_inside and not is_end and node.op_type in OPERATORS and node.name.startswith(NETWORKS[graph]):
            names.append(node.name)
    return names


def _ranges(file: Path, feeds: list[dict[str, np.ndarray]]) -> TensorsData:
    """Which values the tensors of the graph in `file` have with these inputs. The session is gone when it returns."""
    with TemporaryDirectory(dir=file.parent) as scratch:
        calibrator = _Ranges(file, OPERATORS, str(Path(scratch, "ranges.onnx")), use_external_data_format=True)
        calibrator.augment_graph()
        calibrator.create_inference_session()
        calibrator.collect_data(_Feeds(feeds))
        return calibrator.compute_data()


def _in_int8(file: Path, graph: str, feeds: list[dict[str, np.ndarray]]) -> onnx.ModelProto:
    """The graph in `file`, with the ranges that its tensors have with these inputs."""
    ranges = _ranges(file, feeds)
    # Shapes first, then the weights: none of the copies that are made for the shapes has them.
    model = onnx.shape_inference.infer_shapes(onnx.load(file, load_external_data=False))
    add_infer_metadata(model)
    onnx.load_external_data_for_model(model, str(file.parent))
    quantizer = QDQQuantizer(
        model, per_channel=True, reduce_range=False, weight_qType=QuantType.QInt8, activation_qType=QuantType.QUInt8,
        tensors_range=ranges, nodes_to_quantize=quantized_nodes(model, graph), nodes_to_exclude=[],
        op_types_to_quantize=list(OPERATORS), extra_options={},
    )  # fmt: skip
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    return quantizer.model.model


def quantize(folder: Path, samples: list[Frame]) -> None:
    """Replaces attention and transport in `folder` by their int8 form. `samples`: frames to calibrate on."""
    graphs = open_graphs(folder)
    scenes = [feeds_of(graphs, *sample) for sample in samples]
    picks = [graphs["attention"].run(["pick_pixel"], scene["attention"])[0] for scene in scenes]
    del graphs
    for name in NETWORKS:
        print(f"calibrating {name} on {len(samples)} frames", flush=True)
        feeds = [scene[name] | ({"pick_pixel": pick} if name == "transport" else {}) for scene, pick in zip(scenes, picks, strict=True)]
        model = _in_int8(folder / f"{name}.onnx", name, feeds)
        for file in folder.glob(f"{name}.*"):
            file.unlink()
        save_graph(model, folder, name)


def compared(folder: Path, samples: list[Frame], expected: list[dict]) -> dict:
    """
    How the int8 package decides beside `expected`, the decisions of its fp32 form. Places are compared for the same pick.
    Differences of logits are shares of the range of the fp32 ones: the largest, and the root of the mean square.
    """
    graphs = open_graphs(folder)
    same = {"pick": 0, "place": 0, "rotation": 0}
    figures: dict[str, list[float]] = {}
    note = lambda name, value: figures.setdefault(name, []).append(float(value))
    for sample, fp32 in zip(samples, expected, strict=True):
        int8 = decide(graphs, *sample, pick=fp32["pick"])
        for key in same:
            same[key] += int8[key] == fp32[key]
        note("pickApartCells", np.hypot(*np.subtract(int8["pick"], fp32["pick"])))
        note("placeApartCells", np.hypot(*np.subtract(int8["place"], fp32["place"])))
        for key in ("pick", "place"):
            a, b = int8[f"{key}_logits"], fp32[f"{key}_logits"]
            apart = np.abs(a - b) / np.ptp(b)
            note(f"{key}LogitsApart", apart.max())
            note(f"{key}LogitsApartRms", np.sqrt(np.square(apart).mean()))
            note(f"{key}LogitsRange", np.ptp(a) / np.ptp(b))
    summary = {name: round(float(np.median(values) if name.endswith(("Cells", "Range")) else max(values)), 4) for name, values in figures.items()}
    return {"frames": len(samples), "samePicks": same["pick"], "samePlaces": same["place"], "sameRotations": same["rotation"], **summary}
