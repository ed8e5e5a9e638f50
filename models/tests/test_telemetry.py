"""ONNX Runtime's telemetry stays off in Python too: without CI in the environment a session leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

MODELS = Path(__file__).resolve().parents[1]
SESSION = """
import cliport_edge
import onnxruntime
onnxruntime.InferenceSession("edge/text.onnx", providers=["CPUExecutionProvider"])
"""


class Telemetry(unittest.TestCase):
    def test_a_session_writes_no_file_whatever_the_environment_says(self):
        for setting in ({}, {"ORT_DISABLE_TELEMETRY": "0"}):
            with self.subTest(setting=setting), tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as temporary:
                environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": temporary, **setting}
                subprocess.run([sys.executable, "-B", "-c", SESSION], cwd=MODELS, env=environment, check=True)
                left = [path for folder in (home, temporary) for path in Path(folder).rglob("*")]
                self.assertEqual(left, [])
