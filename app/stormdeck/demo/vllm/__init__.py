"""Serve vLLM 0.33's API with a simulated engine."""
