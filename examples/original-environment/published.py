"""The published benchmark, out of a checkout of cliport/cliport that the user brings. Nothing of it is in this folder.

A process may make one `Scene`: the benchmark keeps global state (docs in README.md).
"""

import hashlib
import importlib
import math
import pathlib
import random
import sys
import time
import types
import unittest.mock

import numpy as np

PIXEL_M = 0.003125
WORKSPACE_M = np.array([[0.25, 0.75], [-0.5, 0.5], [0, 0.28]])  # rows x, y, z; what its agents see
PHYSICS_HZ = 480  # as its demonstrations and evaluations have it
MOVED_M = 0.01  # an object further away than this from where it was has been moved

# Imported by the benchmark's modules for training and drawing, and not called by its environment.
NOT_CALLED = ("kornia", "matplotlib", "matplotlib.pyplot", "meshcat", "meshcat.geometry", "meshcat.transformations",
              "omegaconf", "torch")


def load(checkout):
    """Imports the environment without the package's `__init__`, which needs its training code. Returns its modules."""
    package = pathlib.Path(checkout).resolve() / "cliport"
    if not (package / "environments" / "environment.py").is_file():
        raise SystemExit(f"{checkout} is no checkout of cliport/cliport: {package}/environments/environment.py is absent")
    for name in NOT_CALLED:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = unittest.mock.MagicMock(name=name)
    namespace = types.ModuleType("cliport")
    namespace.__path__ = [str(package)]
    sys.modules["cliport"] = namespace
    names = {"environment": "environments.environment", "tasks": "tasks", "cameras": "tasks.cameras", "utils": "utils.utils"}
    modules = {short: importlib.import_module(f"cliport.{name}") for short, name in names.items()}
    # A motion may take 5 s. Counted in this process's CPU time, a busy machine does not end an episode.
    modules["environment"].time = types.SimpleNamespace(time=time.process_time)
    return types.SimpleNamespace(**modules, assets=str(package / "environments" / "assets"))


def fingerprint(checkout):
    """Of the source text that an episode depends on: its environments, tasks and helpers."""
    package = pathlib.Path(checkout) / "cliport"
    files = sorted(path for folder in ("environments", "tasks", "utils") for path in (package / folder).glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


class Scene:
    """One test scene: what the policy sees, what it may do, and the benchmark's own reward."""

    def __init__(self, published, task, seed):
        self._published = published
        self._environment = published.environment.Environment(published.assets, hz=PHYSICS_HZ)
        np.random.seed(seed)
        random.seed(seed)  # as its demonstrations do; its eval.py leaves this one out (README.md)
        self._task = published.tasks.names[task]()
        self._task.mode = "test"
        self._environment.seed(seed)
        self._environment.set_task(self._task)
        self._frames = self._environment.reset()
        self.max_steps = self._task.max_steps

    @property
    def sentence(self):
        return self._environment.get_lang_goal()

    @property
    def done(self):
        """By its own rule: no goal is left, or the rewards are above 0.99."""
        return self._task.done()

    def look(self):
        """The three cameras' frames as its agents get them: (colour uint8 320 x 160 x 3, height float32 320 x 160, m)."""
        cameras = self._published.cameras.RealSenseD415.CONFIG
        color, height = self._published.utils.get_fused_heightmap(self._frames, cameras, WORKSPACE_M, PIXEL_M)
        return color, np.float32(height)

    def look_with_arm_home(self):
        """The same scene with the arm out of view. It moves the arm: ask for it after the last step only."""
        self._environment.movej(self._environment.homej)
        self._frames = self._environment._get_obs()
        return self.look()

    def act(self, pick, place):
        """One primitive. Poses as the policy server gives them. Returns (reward of this step, whether the motion timed out)."""
        poses = {"pose0": _pose(pick, 0.0), "pose1": _pose(place, pick["yaw_rad"])}
        self._frames, reward, done, _ = self._environment.step(poses)
        return float(reward), bool(done and not self._task.done())

    def objects(self):
        """Every loose object: {id: (name of its colour, or null, x m, y m, z m)}."""
        import pybullet

        found = {}
        for body in self._environment.obj_ids["rigid"]:
            position, _ = pybullet.getBasePositionAndOrientation(body)
            color = pybullet.getVisualShapeData(body)[0][7][:3]
            found[body] = (self._color_name(color), *position)
        return found

    def _color_name(self, color):
        for name, value in self._published.utils.COLORS.items():
            if np.allclose(color, value, atol=0.003):
                return name
        return None


def _pose(pose, yaw_of_pick_rad):
    """A pose of the policy server as (position m, quaternion xyzw); a place's yaw is relative to the pick's."""
    half = (pose["yaw_rad"] + yaw_of_pick_rad) / 2
    return np.asarray(pose["p_base_m"], dtype=float), np.array([0.0, 0.0, math.sin(half), math.cos(half)])
