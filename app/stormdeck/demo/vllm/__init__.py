"""A server that answers as vLLM 0.32 does, with a simulated engine behind it."""
