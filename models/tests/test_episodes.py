"""Recordings to the cache that training reads."""

from __future__ import annotations

import unittest

import numpy as np

from cliport_edge.episodes import EpisodeError, build_cache, read_episode

from . import synthetic
from .dataset_case import WithDataset, silently


class Episodes(WithDataset):
    def test_every_observation_of_every_episode_is_in_the_cache(self):
        self.assertEqual(len(self.cache), 12)
        color, height, labels = synthetic.draw(self.cache.samples[0]["truth"]["objects"])
        np.testing.assert_array_equal(self.cache.color[0], color)
        np.testing.assert_array_equal(self.cache.labels[0], labels)
        np.testing.assert_allclose(self.cache.height[0], height, atol=1e-4)

    def test_a_file_that_was_cut_off_is_named(self):
        whole = next((self.folder / "data").glob("*.mcap")).read_bytes()
        short = self.folder / "short.mcap"
        short.write_bytes(whole[: len(whole) // 2])
        with self.assertRaisesRegex(EpisodeError, "short.mcap"):
            read_episode(short)

    def test_a_flipped_byte_in_the_data_is_noticed(self):
        data = bytearray(next((self.folder / "data").glob("*.mcap")).read_bytes())
        data[len(data) // 3] ^= 0xFF
        (self.folder / "flipped.mcap").write_bytes(data)
        with self.assertRaisesRegex(EpisodeError, "flipped.mcap"):
            read_episode(self.folder / "flipped.mcap")

    def test_a_corrupt_file_is_skipped_and_the_others_are_read(self):
        folder = synthetic.write_dataset(self.folder / "mixed", 2)
        (folder / "000009-18.mcap").write_bytes(b"not an episode")
        summary = silently(build_cache, [folder], self.folder / "mixed-cache")
        self.assertEqual(summary["episodes"], 2)
        self.assertRegex(summary["skipped"][0], "000009-18.mcap")


if __name__ == "__main__":
    unittest.main()
