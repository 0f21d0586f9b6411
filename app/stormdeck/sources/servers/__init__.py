"""Poll vLLM and the proxy for their figures."""
