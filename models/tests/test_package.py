"""Checkpoints, and the policy package that is made of one."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import torch

from cliport_edge import checkpoint
from cliport_edge.export import DEFAULT_THRESHOLDS, workspace_of, write_package
from cliport_edge.lexicon import lexicon
from cliport_edge.parity import random_samples
from cliport_edge.words import PREPOSITIONS, Tokenizer, split_words

from . import tiny_policy
from .dataset_case import silently

MODELS = Path(__file__).parents[1]
SHIPPED = json.loads((MODELS / "edge/manifest.json").read_text())


def old_names(state: dict) -> dict:
    """As releases before the rename wrote it."""
    back = lambda name: name.replace("completion", "judge")
    training = state["card"]["training"] | {"config": {back(k): v for k, v in state["card"]["training"]["config"].items()}}
    return state | {
        "model": {back(name): value for name, value in state["model"].items()},
        "train": {back(name): value for name, value in state["train"].items()},
        "card": state["card"] | {"training": training},
    }  # fmt: skip


class Checkpoints(unittest.TestCase):
    state = checkpoint.read(MODELS / "checkpoints/edge.pt")

    def test_an_old_checkpoint_is_refused_with_the_command_that_converts_it(self):
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder, "old.pt"), Path(folder, "new.pt")
            checkpoint.save(old, old_names(self.state))
            with self.assertRaisesRegex(SystemExit, f"cliport_edge.checkpoint {old} NEW.pt"):
                checkpoint.load_edge(old, Tokenizer(self.state["words"]))
            checkpoint.save(new, checkpoint.converted(torch.load(old, weights_only=True)))
            edge, card = checkpoint.load_edge(new, checkpoint.tokenizer_of(new))
        self.assertEqual(card, self.state["card"])
        for name, value in edge.state_dict().items():
            torch.testing.assert_close(value, self.state["model"][name], rtol=0, atol=0, msg=name)

    def test_a_checkpoint_that_does_not_name_its_words_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "nameless.pt")
            checkpoint.save(path, {key: value for key, value in self.state.items() if key != "words"})
            with self.assertRaisesRegex(SystemExit, "--tokenizer PACKAGE/tokenizer.json"):
                checkpoint.tokenizer_of(path)

    def test_conversion_changes_nothing_but_the_name_of_the_head(self):
        converted = checkpoint.converted(old_names(self.state))
        self.assertEqual(list(converted["model"]), list(self.state["model"]))
        self.assertEqual({k: converted[k] for k in ("train", "card", "config")}, {k: self.state[k] for k in ("train", "card", "config")})


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.out = Path(cls._folder.name, "package")
        cls.tokenizer = checkpoint.tokenizer_of(MODELS / "checkpoints/edge.pt")
        edge, card = checkpoint.load_edge(MODELS / "checkpoints/edge.pt", cls.tokenizer)
        samples = random_samples(2, edge.config.rows, edge.config.cols, cls.tokenizer.max_tokens, cls.tokenizer.size)
        cls.manifest = silently(write_package, edge, cls.tokenizer, cls.out, samples, card["training"], card["scores"], card.get("thresholds", DEFAULT_THRESHOLDS))

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def test_the_shipped_manifest_is_that_of_the_shipped_checkpoint(self):
        # Bytes of graphs depend on the exporter's version; the parity was measured on other samples.
        # The tasks of a lexicon are in no order; that of the shipped package is older than its forms and parts.
        words = lambda lexicon: {k: sorted(v) if k == "tasks" else v for k, v in lexicon.items() if k in SHIPPED["lexicon"]}
        stable = lambda manifest: {k: v for k, v in manifest.items() if k not in ("files", "scores")} | {"lexicon": words(manifest["lexicon"])}
        self.assertEqual(stable(json.loads((self.out / "manifest.json").read_text())), stable(SHIPPED))
        self.assertEqual(list(self.manifest["files"]), list(SHIPPED["files"]))

    def test_every_tensor_is_named_after_its_role(self):
        for graph in SHIPPED["models"].values():
            for role, tensor in {**graph["inputs"], **graph["outputs"]}.items():
                self.assertEqual(tensor["tensor"], role)

    def test_an_untrained_package_has_the_published_workspace(self):
        self.assertEqual(workspace_of({}), SHIPPED["workspace"])


class TinyPolicy(unittest.TestCase):
    def test_the_committed_fixture_is_what_its_script_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            tiny_policy.write(Path(folder))
            written = json.loads(Path(folder, "manifest.json").read_text())
        committed = json.loads((MODELS / "tests/tiny-policy/manifest.json").read_text())
        # Bytes of graphs depend on the version of onnx.
        self.assertEqual({**written, "files": list(written["files"])}, {**committed, "files": list(committed["files"])})


class Lexicon(unittest.TestCase):
    def test_the_committed_lexicon_is_that_of_words_and_colors(self):
        self.assertEqual(json.loads((MODELS / "lexicon.json").read_text()), lexicon(), "python -m cliport_edge.lexicon --out models/lexicon.json")

    def test_the_tokenizer_knows_every_word_of_it(self):
        known = set(Tokenizer.default().words)
        words = lexicon()
        names = [*words["colors"], *(n for names in words["nouns"].values() for n in names), *(w for said in words["relations"].values() for w in said)]
        self.assertEqual({word for name in names for word in split_words(name)} - known, set())

    def test_every_preposition_says_one_relation(self):
        self.assertEqual(len(set(PREPOSITIONS)), len(PREPOSITIONS))


if __name__ == "__main__":
    unittest.main()
