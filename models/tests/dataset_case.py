"""A small drawn dataset, recorded and cached, for tests that need observations."""

from __future__ import annotations

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import torch

from cliport_edge.episodes import Cache, build_cache
from cliport_edge.scene import Scene, scene_of

from . import synthetic

torch.set_num_threads(1)


def silently(call, *args, **kwargs):
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args, **kwargs)


class WithDataset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory()
        cls.folder = Path(cls._folder.name)
        synthetic.write_dataset(cls.folder / "data", 4)
        silently(build_cache, [cls.folder / "data"], cls.folder / "cache")
        cls.cache = Cache(cls.folder / "cache")

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    def scene(self, index=0) -> Scene:
        c = self.cache
        return scene_of(c.samples[index], c.color[index], c.height[index], c.labels[index])
