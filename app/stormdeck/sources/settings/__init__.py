"""Read and write Claude Code's settings files."""
