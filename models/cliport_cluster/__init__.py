"""Recording and evaluation on several machines with Ray, an optional dependency (docs/decisions/ray.md)."""
