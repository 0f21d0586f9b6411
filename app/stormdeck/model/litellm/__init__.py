"""LiteLLM's YAML as values: what stands where, and what it means."""
