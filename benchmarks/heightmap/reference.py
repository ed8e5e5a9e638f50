"""Fused heightmap in NumPy 1.26.4: the yardstick for the native kernel, in results and in time.

Written from the published algorithm (Shridhar et al., CoRL 2021): back-projection at integer pixel coordinates in
float32, bounds, highest point of a cell wins, fusion by largest height and mean colour. Equal heights are decided by a
stable sort (the later point wins), since an unstable one makes the colour of such cells depend on the sort's internals.
NumPy 2 promotes float32 arrays with float64 scalars differently, hence the pinned version.

  reference.py check REF.npz   compares this code with the results of the original one; exit code 1 when a cell differs
  reference.py serve           answers requests on stdin, one JSON object a line (cliport bench heightmap, compare.mjs)
"""

import json
import sys
import time

import numpy as np

RAW_UNIT_M = np.float32(1e-4)


def load(path):
    """Frames and grid of an npz file: color, depth_m or u16_depth_raw, intrinsics, T and, optionally, bounds, pix_size."""
    with np.load(path) as file:
        depth_m = file["depth_m"] if "depth_m" in file else file["u16_depth_raw"].astype(np.float32) * RAW_UNIT_M
        return {
            "color": file["color"],
            "depth_m": depth_m,
            "intrinsics": file["intrinsics"],
            "T_base_camera": file["T"],
            "bounds": file["bounds"] if "bounds" in file else np.float64([[0.25, 0.75], [-0.5, 0.5], [0.0, 0.28]]),
            "pixel_m": file["pix_size"][()] if "pix_size" in file else np.float64(0.003125),
        }


def points_in_base(depth_m, intrinsics, T_base_camera):
    """height x width x 3 points in metres, float32."""
    height, width = depth_m.shape
    u, v = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    x = (u - intrinsics[0, 2]) * (depth_m / intrinsics[0, 0])
    y = (v - intrinsics[1, 2]) * (depth_m / intrinsics[1, 1])
    camera = np.stack([np.float32(x), np.float32(y), depth_m, np.ones_like(depth_m)], axis=-1)
    base = np.empty(depth_m.shape + (3,), dtype=np.float32)
    for axis in range(3):
        base[..., axis] = np.sum(T_base_camera[axis] * camera, axis=-1)
    return base


def heightmap(points_m, color, bounds, pixel_m):
    """Height above the lower bound and colour of the highest point of each cell, for one camera."""
    rows = int(np.round((bounds[1, 1] - bounds[1, 0]) / pixel_m))
    cols = int(np.round((bounds[0, 1] - bounds[0, 0]) / pixel_m))
    inside = np.ones(points_m.shape[:2], dtype=bool)
    for axis in range(3):
        inside &= (points_m[..., axis] >= bounds[axis, 0]) & (points_m[..., axis] < bounds[axis, 1])
    points_m, color = points_m[inside], color[inside]
    upwards = np.argsort(points_m[:, 2], kind="stable")
    points_m, color = points_m[upwards], color[upwards]
    col = np.clip(np.int32(np.floor((points_m[:, 0] - bounds[0, 0]) / pixel_m)), 0, cols - 1)
    row = np.clip(np.int32(np.floor((points_m[:, 1] - bounds[1, 0]) / pixel_m)), 0, rows - 1)
    height_m = np.zeros((rows, cols), dtype=np.float32)
    height_m[row, col] = points_m[:, 2] - bounds[2, 0]
    cell_color = np.zeros((rows, cols, 3), dtype=np.uint8)
    cell_color[row, col] = color
    return height_m, cell_color


def project(scene):
    """Per-camera heights and colours, fused height and fused colour."""
    maps = [
        heightmap(points_in_base(depth_m, K, T), color, scene["bounds"], scene["pixel_m"])
        for depth_m, color, K, T in zip(
            scene["depth_m"], scene["color"], scene["intrinsics"], scene["T_base_camera"], strict=True
        )
    ]
    heights_m = np.stack([height_m for height_m, _ in maps])
    colors = np.stack([color for _, color in maps])
    seen = np.maximum((colors.sum(axis=-1) > 0).sum(axis=0), 1)
    fused_color = np.uint8(np.round(colors.sum(axis=0) / seen[..., None]))
    return heights_m, colors, heights_m.max(axis=0), fused_color


def check(path):
    heights_m, colors, fused_height_m, fused_color = project(load(path))
    with np.load(path) as file:
        differ = {
            "height": int((heights_m != file["u16_hmaps"]).sum()),
            "color": int((colors != file["u16_cmaps_stable"]).any(axis=-1).sum()),
            "fused_height": int((fused_height_m != file["u16_fused_h"]).sum()),
            "fused_color": int((fused_color != file["u16_fused_c_stable"]).any(axis=-1).sum()),
        }
    print(json.dumps({"numpy": np.__version__, "cells_differ": differ}))
    return 1 if any(differ.values()) else 0


def serve():
    """{"load": path} | {"time": true} | {"save": path} -> one JSON line each."""
    scene = None
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            scene = load(request["load"])
            answer = {"numpy": np.__version__}
        elif "time" in request:
            start = time.perf_counter()
            project(scene)
            answer = {"ms": (time.perf_counter() - start) * 1e3}
        else:
            _, _, height_m, color = project(scene)
            grid = {"bounds": np.float64(scene["bounds"]), "pix_size": np.float64(scene["pixel_m"])}
            np.savez(request["save"], height_m=height_m, color=color, **grid)
            answer = {}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    if not np.__version__.startswith("1."):
        sys.exit(f"NumPy {np.__version__} rounds differently. Install benchmarks/requirements.txt.")
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        sys.exit(check(sys.argv[2]))
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(__doc__)
