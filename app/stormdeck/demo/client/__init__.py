"""A simulated Claude Code 2.1.329: it sends what the real one sends and retries as the real one does."""

CLIENT_VERSION = "2.1.329"
