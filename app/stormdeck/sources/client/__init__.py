"""Read what Claude Code keeps and runs: its version, login, trusted folders and processes."""
