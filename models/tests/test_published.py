"""The published CLIPort: its layout, what counts in its numerics, its checkpoints, and the packages made of them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import math
import pickle
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from cliport_published.agent import KINDS, correlated
from cliport_published.blocks import BatchStatisticsNorm
from cliport_published.checkpoint import CheckpointInvalid, detect_kind, layout, layout_problems, load_agent, read_state
from cliport_published.convert import write_package
from cliport_published.correlation import Correlation
from cliport_published.fused import ExportedNorm
from cliport_published.graphs import TextGraph
from cliport_published.parity import decide, frames, open_graphs
from cliport_published.random_checkpoint import random_state
from cliport_published.rotation import rotated_crops
from cliport_published.sizes import Sizes
from cliport_published.tokenizer import ClipTokenizer

from . import split_policy

TINY = Sizes(rows=64, cols=32, rotations=4, crop=32, spatial_width=4, clip_width=4, clip_blocks=(1, 1, 1, 1), clip_input=32, text_width=8, text_heads=2, text_layers=1, text_embedding=16)

# Wide enough that its features are more than the outputs that stay fp32.
SMALL = dataclasses.replace(TINY, spatial_width=32)


class Layout(unittest.TestCase):
    def test_the_published_agent_has_as_many_weights_as_its_checkpoints(self):
        shapes = layout("cliport", Sizes())
        self.assertEqual(len(shapes), 1940)
        self.assertEqual(sum(math.prod(shape) for shape in shapes.values()), 583_212_901)
        self.assertEqual(shapes["transport.query_stream_two.up1.conv.double_conv.0.weight"], (1024, 2048, 3, 3))
        self.assertEqual(shapes["attention.attn_stream_one.conv2.1.conv1.weight"], (16, 1, 1, 1))

    def test_each_agent_is_known_by_its_keys(self):
        for kind in KINDS:
            self.assertEqual(detect_kind(dict.fromkeys(layout(kind, TINY)), TINY), kind)


class Numerics(unittest.TestCase):
    def test_correlation_by_matrices_is_the_convolution_resized_and_cut(self):
        key, query = torch.randn(1, 3, 96, 64, dtype=torch.float64), torch.randn(5, 3, 32, 32, dtype=torch.float64)
        convolved = F.conv2d(key, query, padding=16)
        torch.testing.assert_close(correlated(key, query, 16), convolved)
        expected = F.interpolate(convolved, size=(96, 64), mode="bilinear", align_corners=False)[0, :, 16:-16, 16:-16]
        torch.testing.assert_close(Correlation(96, 64, 32, 16)(key.float(), query.float()).double(), expected, rtol=1e-5, atol=1e-4)

    def test_crops_are_sampled_half_a_cell_off_where_the_old_kornia_sampled(self):
        """A ramp along x, turned by 90 degrees about (row 20, column 10) of 48 x 32 cells: the value is the column it came from."""
        ramp = torch.arange(32.0).expand(1, 1, 48, 32)
        crops = rotated_crops(ramp, (20, 14), 4, 8)
        torch.testing.assert_close(crops[0], ramp[0, :, 16:24, 10:18])
        for row in range(8):
            # Counter-clockwise: x of the source is the pivot's less how far the cell lies below it.
            source = 14 - ((row + 16 + 0.5) * 47 / 48 - 20)
            self.assertAlmostEqual(float(crops[1, 0, row, 3]), source * 32 / 31 - 0.5, places=4)

    def test_decoder_norms_use_the_batch_whatever_the_mode(self):
        norm = BatchStatisticsNorm(3).eval()
        for batch in (1, 4):
            x = 5 + 2 * torch.randn(batch, 3, 8, 8)
            y = norm(x)
            self.assertLess(float(y.mean().abs()), 1e-5)
            torch.testing.assert_close(ExportedNorm(norm)(x), y, rtol=1e-4, atol=1e-5)
        self.assertEqual(float(norm.running_mean.abs().max()), 0)

    def test_the_tokenizer_of_the_fixture_is_what_its_script_writes(self):
        committed = json.loads((Path(split_policy.__file__).parent / "split-policy/tokenizer.json").read_text())
        self.assertEqual(committed, ClipTokenizer().to_json())


class Evil:
    def __reduce__(self):
        return (print, ("this ran",))


class Checkpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.state = random_state("cliport", TINY, 0)

    def save(self, content) -> Path:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name, "x.ckpt")
        torch.save(content, file)
        return file

    def test_missing_extra_and_wrongly_shaped_keys_are_listed(self):
        state = dict(self.state)
        del state["transport.fusion_key.conv.1.weight"]
        state["attention.other"] = torch.zeros(2)
        state["attention.attn_stream_one.conv1.0.bias"] = torch.zeros(5)
        self.assertEqual(
            layout_problems(state, layout("cliport", TINY)),
            [
                "missing: transport.fusion_key.conv.1.weight [3, 6, 1, 1]",
                "extra: attention.other [2]",
                "wrong shape: attention.attn_stream_one.conv1.0.bias: expected [4] but received [5]",
            ],
        )

    def test_a_weight_that_is_not_finite_is_named(self):
        name = "attention.attn_stream_one.conv1.0.bias"
        with self.assertRaisesRegex(CheckpointInvalid, f"not finite: {name}"):
            load_agent(self.state | {name: torch.full((4,), float("nan"))}, "cliport", TINY)

    def test_classes_of_the_training_framework_are_not_needed_and_not_run(self):
        # As PyTorch Lightning stores its callbacks: by class, which is a name in the file.
        content = pickle.dumps({"epoch": 3}, protocol=2)
        self.assertEqual(pickle.loads(content), {"epoch": 3})
        file = self.save({"state_dict": {"a": torch.ones(2)}, "callbacks": {Evil: {"best": 0.5}}, "more": Evil})
        self.assertEqual(list(read_state(file)), ["a"])

    def test_code_in_a_file_is_not_run(self):
        file = self.save({"state_dict": {"a": torch.ones(2)}, "hidden": Evil()})
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            with contextlib.suppress(CheckpointInvalid):
                read_state(file)
        self.assertEqual(printed.getvalue(), "")

    def test_a_file_that_is_no_checkpoint_is_refused(self):
        with self.assertRaisesRegex(CheckpointInvalid, "expected a key state_dict but received model"):
            read_state(self.save({"model": {}}))
        file = self.save({})
        file.write_bytes(b"not a checkpoint")
        with self.assertRaisesRegex(CheckpointInvalid, "without running code"):
            read_state(file)

    def test_text_encoders_that_differ_are_all_kept(self):
        agent = load_agent(self.state, "cliport", TINY)
        self.assertEqual(TextGraph(agent).slot_of, [0, 0, 0])
        name = "transport.query_stream_two.clip_rn50.ln_final.bias"
        other = load_agent(self.state | {name: torch.ones(8)}, "cliport", TINY)
        graph = TextGraph(other)
        self.assertEqual(graph.slot_of, [0, 0, 1])
        tokens = torch.tensor([ClipTokenizer().encode("put the red block in the bowl")])
        torch.testing.assert_close(graph(tokens), torch.cat([other.encode_text(tokens)[0], other.encode_text(tokens)[2]], dim=1))


class Packages(unittest.TestCase):
    def test_every_agent_becomes_a_package_that_decides_alike(self):
        for kind in KINDS:
            with self.subTest(kind), tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
                # Raises where ONNX Runtime and PyTorch disagree.
                manifest = write_package(random_state(kind, TINY, 1), kind, TINY, "tiny", {}, Path(folder, "package"))
                self.assertEqual(manifest["scores"]["parity"]["decisionsDiffer"], 0)
                written = {file.name for file in Path(folder, "package").iterdir()}
                self.assertEqual(written, {*manifest["files"], "manifest.json"})

    def test_int8_keeps_logits_fine_and_says_what_it_is(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            calibration = Path(folder, "frames")
            save_frames(calibration, frames(8, SMALL, ClipTokenizer(), seed=3))
            state = random_state("transporter", SMALL, 1)
            manifest = write_package(state, "transporter", SMALL, "int8", {}, Path(folder, "int8"), calibration)
            precision = manifest["precision"]
            self.assertEqual([precision["type"], precision["accuracy"], precision["calibration"]], ["int8", "unverified", {"frames": 6, "source": "drawn"}])
            self.assertEqual(precision["agreement"]["frames"], 2)
            self.assertLess(precision["agreement"]["pickLogitsApartRms"], 0.1)
            fp32 = 4 * sum(weights.numel() for key, weights in state.items() if key.startswith("attention"))
            self.assertLess(manifest["files"]["attention.weights"]["bytes"], 0.45 * fp32)
            color, height, tokens = frames(1, SMALL, ClipTokenizer(), seed=4)[0]
            # Logits in 256 steps would make ties of the best cells.
            self.assertGreater(len(np.unique(decide(open_graphs(Path(folder, "int8")), color, height, tokens)["pick_logits"])), 1000)

    def test_int8_wants_frames_of_the_networks_size(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            calibration = Path(folder, "frames")
            save_frames(calibration, frames(4, dataclasses.replace(TINY, rows=96), ClipTokenizer()))
            with self.assertRaisesRegex(CheckpointInvalid, r"of 64 x 32 cells but received 4 of \[\(96, 32\)\]"):
                write_package(random_state("transporter", TINY, 1), "transporter", TINY, "int8", {}, Path(folder, "int8"), calibration)
            self.assertFalse(Path(folder, "int8").exists())


def save_frames(folder: Path, samples: list) -> None:
    """As `cliport convert --precision int8` hands them over."""
    folder.mkdir()
    np.save(folder / "color.npy", np.concatenate([color.numpy() for color, _, _ in samples]))
    np.save(folder / "height.npy", np.concatenate([height.numpy() for _, height, _ in samples]))
    (folder / "frames.json").write_text(json.dumps({"goals": ["put the red block in the bowl"] * len(samples), "source": "drawn"}))


if __name__ == "__main__":
    unittest.main()
