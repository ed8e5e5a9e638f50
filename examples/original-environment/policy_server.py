"""The policy server (cliport policy serve, docs/policy-server.md) as this client uses it: the handshake, and heightmaps."""

import json

import numpy as np
import zmq


class PolicyServerError(RuntimeError):
    """The server's error reply, or none in time."""


class PolicyServer:
    """Requests over a socket of their own. `timeout_s` for each answer; a busy machine needs seconds."""

    def __init__(self, address, timeout_s=60.0):
        self._address = address
        self._timeout_ms = round(1000 * timeout_s)

    def hello(self, workspace_m, pixel_m):
        """Raises unless the server's policy sees the workspace that is asked for (rows x, y, z; metres)."""
        reply = self._ask({"hello": True, "expects": {"units": {"length": "m", "angle": "rad", "color": "srgb8"}}})
        (x_min, x_max), (y_min, y_max), (z_min, z_max) = np.asarray(workspace_m, dtype=float).tolist()
        wanted = {"x_min_m": x_min, "x_max_m": x_max, "y_min_m": y_min, "y_max_m": y_max, "z_min_m": z_min, "z_max_m": z_max}
        wanted["pixel_m"] = pixel_m
        served = {key: reply["workspace"][key] for key in wanted}
        if not np.allclose(list(served.values()), list(wanted.values()), atol=1e-9):
            raise PolicyServerError(f"The policy sees the workspace {served}, and the benchmark has {wanted}")
        return reply

    def decide(self, goal, color, height_m):
        """`color` uint8 (rows, cols, 3), `height_m` float32 (rows, cols), metres above the workspace's bottom."""
        rows, cols = height_m.shape
        header = {"goal": goal, "heightmap": {"height": rows, "width": cols}}
        return self._ask(header, np.ascontiguousarray(color, np.uint8), np.ascontiguousarray(height_m, "<f4"))

    def _ask(self, header, *arrays):
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RCVTIMEO, self._timeout_ms)
            socket.connect(self._address)
            socket.send_multipart([json.dumps({"version": 1, **header}).encode(), *(array.tobytes() for array in arrays)])
            try:
                reply = json.loads(socket.recv_multipart()[0])
            except zmq.Again:
                raise PolicyServerError(f"No answer from {self._address} within {self._timeout_ms / 1000:.0f} s") from None
        if "error" in reply:
            raise PolicyServerError("{code}: {message}".format(**reply["error"]))
        return reply


def decision(reply, thresholds, steps):
    """(What a run would do, why). The server answers as at a first look; after `steps` actions a run judges by what has
    happened since, as here: what was placed may hide what the sentence names, so the policy alone says what is there, and
    with nothing left to do the goal is achieved. `thresholds` are those of the handshake.
    """
    hidden = (reply["understood"] or {}).get("kind") == "not_found"
    if steps == 0 or not (hidden or reply["decision"] == "not_found"):
        return reply["decision"], reply["reason"]
    if reply["remaining"] < thresholds["remaining"]:
        return "achieved", "the policy sees nothing left to do"
    if reply["found"] < thresholds["found"]:
        return "not_found", "the policy does not see what the sentence names"
    sure = all(reply[name]["probability"] >= thresholds[name] for name in ("pick", "place"))
    return ("act", "") if sure else ("unsure", "the policy is unsure where to pick or place")
