"""Ask a policy server (cliport policy serve) where to pick and place in a camera's frame. Needs pyzmq, numpy and Pillow.

python3 examples/policy_client.py FOLDER "put the brown tin in the white bowl" [ADDRESS]
FOLDER holds color.png, depth.png and camera.json (docs/recordings.md).
"""

import json
import pathlib
import sys

import numpy as np
import zmq
from PIL import Image


def decide(address, goal, camera, color, depth):
    """`color` uint8 (height, width, 3); `depth` uint16 (height, width), `depth_unit_m` metres a step; 0: not seen."""
    frame = {"width": depth.shape[1], "height": depth.shape[0], "color": "rgb8", "depth": "u16"}
    frame |= {key: camera[key] for key in ("intrinsics", "T_base_camera", "color_camera") if key in camera}
    frame["depth_scale_m"] = camera.get("depth_unit_m", 0.001)
    header = json.dumps({"version": 1, "goal": goal, "frames": [frame]})
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, 10_000)  # milliseconds; after a time-out, take a new socket
        socket.connect(address)
        socket.send_multipart([header.encode(), color.tobytes(), depth.astype("<u2").tobytes()])
        return json.loads(socket.recv_multipart()[0])


if __name__ == "__main__":
    folder, goal = pathlib.Path(sys.argv[1]), sys.argv[2]
    address = sys.argv[3] if len(sys.argv) > 3 else "tcp://127.0.0.1:7001"
    color = np.asarray(Image.open(folder / "color.png").convert("RGB"))
    depth = np.asarray(Image.open(folder / "depth.png"))
    camera = json.loads((folder / "camera.json").read_text())
    print(json.dumps(decide(address, goal, camera, color, depth)))
