"""A proxy that answers as LiteLLM 1.109.1 does, with its retries, its cooldown and its log."""
