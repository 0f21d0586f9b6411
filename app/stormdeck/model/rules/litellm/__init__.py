"""Rules about LiteLLM's YAML."""
