"""Recorded episodes (docs/recordings.md) to arrays that training can map into memory.

    python -m cliport_edge.episodes DATASET... --out CACHE

A dataset is a folder that `cliport record` wrote. A file that is truncated or corrupt is named and skipped. The cache is
a folder: color.npy uint8 [N, rows, cols, 3], height.npy float16 [N, rows, cols] metres, labels.npy uint8 [N, rows, cols],
and samples.jsonl with one line an observation: its truth, episode, task and the action that followed.
"""

from __future__ import annotations

import argparse
import base64
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from mcap.reader import make_reader

DTYPES = {"rgb8": (np.uint8, 3), "mono8": (np.uint8, 1), "32FC1": (np.dtype("<f4"), 1)}


class EpisodeError(Exception):
    """A recording that cannot be used, and why."""


@dataclass(frozen=True)
class Observation:
    color: np.ndarray  # uint8 [rows, cols, 3]
    height: np.ndarray  # float32 [rows, cols], metres above the workspace's lower bound
    labels: np.ndarray  # uint8 [rows, cols]
    truth: dict
    action: dict | None  # what was done next; None after the last


@dataclass(frozen=True)
class Episode:
    meta: dict
    observations: list[Observation]


def read_episode(path: Path) -> Episode:
    """Reads a whole episode, checksums included. @raises EpisodeError naming the file and what is wrong with it."""
    meta, frames = None, {}
    try:
        with path.open("rb") as stream:
            reader = make_reader(stream, validate_crcs=True)
            if reader.get_summary() is None:
                raise EpisodeError(f"{path}: the file has no end, it was cut off")
            for schema, channel, message in reader.iter_messages(log_time_order=True):
                if channel.topic == "/episode":
                    meta = json.loads(message.data)
                elif channel.topic in ("/truth", "/action"):
                    frames.setdefault(message.log_time, {})[channel.topic] = json.loads(message.data)
                elif channel.topic.startswith("/heightmap/"):
                    frames.setdefault(message.log_time, {})[channel.topic] = decode_image(schema, channel, message.data)
    except EpisodeError:
        raise
    except Exception as error:  # whatever a corrupt file makes of the reader
        raise EpisodeError(f"{path}: {type(error).__name__}: {error}") from error
    if meta is None or meta.get("format") != "cliport-edge-episode":
        raise EpisodeError(f"{path}: no /episode message of format cliport-edge-episode")
    if meta.get("version") != 1:
        raise EpisodeError(f"{path}: episode format version {meta.get('version')}, this reader knows 1")
    try:
        observations = [
            Observation(f["/heightmap/color"], f["/heightmap/height"], f["/heightmap/labels"], f["/truth"], f.get("/action"))
            for _, f in sorted(frames.items())
        ]
    except KeyError as missing:
        raise EpisodeError(f"{path}: an observation lacks {missing}") from missing
    if not observations:
        raise EpisodeError(f"{path}: no observation")
    return Episode(meta, observations)


def decode_image(schema, channel, data: bytes) -> np.ndarray:
    """A foxglove.RawImage, protobuf or JSON, to an array [rows, cols] or [rows, cols, 3]."""
    if channel.message_encoding == "json":
        fields = json.loads(data)
        width, height, encoding, pixels = fields["width"], fields["height"], fields["encoding"], base64.b64decode(fields["data"])
    else:
        image = _message_class(schema.name, schema.data).FromString(data)
        width, height, encoding, pixels = image.width, image.height, image.encoding, image.data
    dtype, channels = DTYPES[encoding]
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.frombuffer(pixels, dtype).reshape(shape)


_classes: dict[bytes, type] = {}


def _message_class(name: str, descriptors: bytes) -> type:
    """The message class that the schema in the file describes."""
    if descriptors not in _classes:
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
            pool.Add(file)
        _classes[descriptors] = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    return _classes[descriptors]


def build_cache(datasets: list[Path], out: Path) -> dict:
    """Writes the cache of all episodes in `datasets`; returns counts, and what was skipped and why."""
    paths = [path for folder in datasets for path in sorted(folder.glob("*.mcap"))]
    if not paths:
        raise SystemExit(f"episodes: no .mcap file in {', '.join(map(str, datasets))}")
    out.mkdir(parents=True, exist_ok=True)
    skipped, lines, shape, workspace = [], 0, None, None
    files = {}
    # The arrays' length is known only at the end: bodies first, then headers.
    with (out / "samples.jsonl").open("w") as samples:
        for number, path in enumerate(paths):
            try:
                episode = read_episode(path)
            except EpisodeError as error:
                skipped.append(str(error))
                print(f"skipped {error}", flush=True)
                continue
            if workspace not in (None, episode.meta["workspace"]):
                raise SystemExit(f"episodes: {path} has the workspace {episode.meta['workspace']}, the others {workspace}")
            workspace = episode.meta["workspace"]
            for step, o in enumerate(episode.observations):
                if shape is None:
                    shape = o.height.shape
                    files = {name: (out / f"{name}.raw").open("wb") for name in ("color", "height", "labels")}
                if o.height.shape != shape:
                    raise SystemExit(f"episodes: {path} has {o.height.shape} cells, the others {shape}")
                files["color"].write(np.ascontiguousarray(o.color).tobytes())
                files["height"].write(o.height.astype(np.float16).tobytes())
                files["labels"].write(np.ascontiguousarray(o.labels).tobytes())
                line = {"episode": number, "step": step, "task": episode.meta["task"], "seed": episode.meta["seed"],
                        "workspace": episode.meta["workspace"], "truth": o.truth, "action": o.action}  # fmt: skip
                samples.write(json.dumps(line) + "\n")
                lines += 1
    for file in files.values():
        file.close()
    if lines == 0:
        raise SystemExit("episodes: every file was skipped")
    for name, dtype, tail in (("color", np.uint8, (3,)), ("height", np.float16, ()), ("labels", np.uint8, ())):
        raw = np.memmap(out / f"{name}.raw", dtype, "r", shape=(lines, *shape, *tail))
        np.lib.format.open_memmap(out / f"{name}.npy", "w+", dtype, raw.shape)[:] = raw
        (out / f"{name}.raw").unlink()
    summary = {"samples": lines, "episodes": len(paths) - len(skipped), "skipped": skipped, "datasets": [d.name for d in datasets], "workspace": workspace}
    (out / "cache.json").write_text(json.dumps(summary, indent=1) + "\n")
    return summary


class Cache:
    """A cache folder, mapped into memory."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.color = np.load(folder / "color.npy", mmap_mode="r")
        self.height = np.load(folder / "height.npy", mmap_mode="r")
        self.labels = np.load(folder / "labels.npy", mmap_mode="r")
        self.samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
        self.summary = json.loads((folder / "cache.json").read_text())

    def __len__(self) -> int:
        return len(self.samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(json.dumps(build_cache(args.datasets, args.out)))


if __name__ == "__main__":
    main()
