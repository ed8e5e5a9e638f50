"""Training and export of the `edge` policy: a compact two-stream pick-and-place net. Offline only; see ../README.md."""
