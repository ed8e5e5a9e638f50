"""Training and export of the `edge` policy: a compact two-stream pick-and-place net. Offline only; see ../README.md."""

import os

# ONNX Runtime's telemetry stays off: it reads this once, before its first session (docs/privacy.md). A package's
# __init__ runs before any of its modules imports the library.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
