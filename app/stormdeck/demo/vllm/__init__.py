"""Serve vLLM 0.32's API with a simulated engine."""
