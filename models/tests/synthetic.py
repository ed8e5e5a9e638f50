"""Small made-up episodes, for tests of the pipeline only: flat squares for blocks and rings for bowls, no physics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from mcap.writer import Writer

from cliport_edge.colors import TASK_COLORS

ROWS, COLS, PIXEL_M = 320, 160, 0.003125
WORKSPACE = {"xMinM": 0.25, "xMaxM": 0.75, "yMinM": -0.5, "yMaxM": 0.5, "zMinM": 0, "zMaxM": 0.28, "pixelM": PIXEL_M}


def scene(rng: np.random.Generator, colors: list[str]) -> list[dict]:
    """Objects that do not overlap: two bowls and two blocks of the goal's colours, and four other things."""
    pick, place, *others = rng.permutation(colors)
    wanted = [("bowl", place), ("bowl", place), ("block", pick), ("block", pick)]
    wanted += [(("bowl", "block")[i % 2], others[i % len(others)]) for i in range(4)]
    objects: list[dict] = []
    while len(objects) < len(wanted):
        kind, color = wanted[len(objects)]
        x, y = rng.uniform(0.33, 0.67), rng.uniform(-0.42, 0.42)
        if all(math.hypot(x - o["p_base_m"][0], y - o["p_base_m"][1]) > 0.12 for o in objects):
            size = [0.04] * 3 if kind == "block" else [0.14, 0.14, 0.06]
            yaw = 0 if kind == "bowl" else rng.uniform(-math.pi, math.pi)
            objects.append({"label": len(objects) + 1, "kind": kind, "color": str(color), "sizeM": size, "p_base_m": [x, y, 0.02], "yawRad": yaw})
    return objects


def draw(objects: list[dict]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    color = np.full((ROWS, COLS, 3), 120, np.uint8)
    height, labels = np.zeros((ROWS, COLS), np.float32), np.zeros((ROWS, COLS), np.uint8)
    u, v = np.mgrid[:ROWS, :COLS] + 0.5
    for o in objects:
        dx, dy = v * PIXEL_M + 0.25 - o["p_base_m"][0], u * PIXEL_M - 0.5 - o["p_base_m"][1]
        if o["kind"] == "bowl":
            r = np.hypot(dx, dy)
            inside, z = r < 0.07, np.where(r > 0.055, 0.05, 0.01)
        else:
            c, s = math.cos(o["yawRad"]), math.sin(o["yawRad"])
            inside = (abs(c * dx + s * dy) < 0.02) & (abs(c * dy - s * dx) < 0.02)
            z = np.full_like(dx, o["p_base_m"][2] + 0.02)
        top = inside & (z >= height)
        color[top], labels[top] = TASK_COLORS[o["color"]], o["label"]
        height[top] = z[top]
    return color, height, labels


def truth_of(objects: list[dict]) -> dict:
    pick, place = objects[2]["color"], objects[0]["color"]
    bowls, blocks = objects[:2], objects[2:4]
    near = lambda a, b: math.hypot(a["p_base_m"][0] - b["p_base_m"][0], a["p_base_m"][1] - b["p_base_m"][1]) < 0.05
    todo = [b for b in blocks if not any(near(b, bowl) for bowl in bowls)]
    free = [bowl for bowl in bowls if not any(near(b, bowl) for b in blocks)]
    places = [
        {"object": b["label"], "target": bowl["label"], "p_base_m": bowl["p_base_m"], "yawRad": b["yawRad"], "symmetryRad": 0}
        for b in todo for bowl in free
    ]  # fmt: skip
    return {
        "goal": f"put the {pick} blocks in a {place} bowl", "score": 1 - len(todo) / 2, "achieved": not todo, "remaining": bool(todo),
        "objects": objects, "validPicks": [b["label"] for b in todo], "validPlaces": places, "rotations": False, "timeS": 0,
        "names": {"block": ["block", "cube", "brick"], "bowl": ["bowl", "dish"]}, "toleranceM": 0.05, "primitive": "pick_place",
        "named": {"picks": [b["label"] for b in blocks], "places": [b["label"] for b in bowls], "spots_base_m": []},
        "colored": {"pick": ["block"], "place": ["bowl"]},
    }  # fmt: skip


def write_episode(path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    objects = scene(rng, ["red", "green", "blue", "yellow"])
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.start("cliport-edge-episode")
        as_json = writer.register_schema("json", "jsonschema", b"{}")
        image_schema = writer.register_schema("foxglove.RawImage", "protobuf", _descriptors().SerializeToString())
        channels = {t: writer.register_channel(t, "json", as_json) for t in ("/episode", "/truth", "/action")}
        channels |= {f"/heightmap/{t}": writer.register_channel(f"/heightmap/{t}", "protobuf", image_schema) for t in ("height", "color", "labels")}
        put = lambda topic, stamp, data: writer.add_message(channels[topic], stamp, data, stamp)
        meta = {"format": "cliport-edge-episode", "version": 1, "task": "put-block-in-bowl-seen-colors", "seed": seed,
                "goal": truth_of(objects)["goal"], "workspace": WORKSPACE, "cameras": ["front"], "appearance": "published", "sensor": "clean"}  # fmt: skip
        put("/episode", 0, json.dumps(meta).encode())
        for step in range(3):
            stamp, truth = (step + 1) * 10**9, truth_of(objects)
            color, height, labels = draw(objects)
            put("/heightmap/height", stamp, _image(height, "32FC1"))
            put("/heightmap/color", stamp, _image(color, "rgb8"))
            put("/heightmap/labels", stamp, _image(labels, "mono8"))
            put("/truth", stamp, json.dumps(truth).encode())
            if step < 2:
                put("/action", stamp, json.dumps({"reward": 0.5, "sealed": True, "perturbed": False}).encode())
                x, y, _ = objects[step]["p_base_m"]
                objects[2 + step] = objects[2 + step] | {"p_base_m": [x, y, 0.03]}
        writer.finish()


def write_dataset(folder: Path, episodes: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(episodes):
        write_episode(folder / f"{i:06d}-{2 * i}.mcap", 2 * i)
    return folder


def _descriptors() -> descriptor_pb2.FileDescriptorSet:
    """foxglove.RawImage, from its published definition."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="foxglove/RawImage.proto", package="foxglove", syntax="proto3", dependency=["google/protobuf/timestamp.proto"])
    message = file.message_type.add(name="RawImage")
    message.field.add(name="timestamp", number=1, type=kind.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp", label=kind.LABEL_OPTIONAL)
    for name, number, t in (("width", 2, kind.TYPE_FIXED32), ("height", 3, kind.TYPE_FIXED32), ("encoding", 4, kind.TYPE_STRING),
                            ("step", 5, kind.TYPE_FIXED32), ("data", 6, kind.TYPE_BYTES), ("frame_id", 7, kind.TYPE_STRING)):  # fmt: skip
        message.field.add(name=name, number=number, type=t, label=kind.LABEL_OPTIONAL)
    stamp = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(stamp)
    return descriptor_pb2.FileDescriptorSet(file=[stamp, file])


def _image(array: np.ndarray, encoding: str) -> bytes:
    pool = descriptor_pool.DescriptorPool()
    for file in _descriptors().file:
        pool.Add(file)
    image = message_factory.GetMessageClass(pool.FindMessageTypeByName("foxglove.RawImage"))
    return image(width=array.shape[1], height=array.shape[0], encoding=encoding, step=array.strides[0], data=array.tobytes()).SerializeToString()
