"""Rules about vLLM: its command line, its engine, and the families of models."""
