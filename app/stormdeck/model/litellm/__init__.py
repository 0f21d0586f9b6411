"""LiteLLM's YAML: its values with their lines, what they mean, and text to paste into it."""
