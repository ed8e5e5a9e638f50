"""Adapts the encoder of Moonshine tiny to noise, offline (models/README.md)."""
