"""The published CLIPort (Shridhar et al., CoRL 2021): its networks in PyTorch, and its checkpoints as policy packages. Offline only; see ../README.md."""

import os

# ONNX Runtime's telemetry stays off: it reads this once, before its first session (docs/privacy.md). A package's
# __init__ runs before any of its modules imports the library.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
