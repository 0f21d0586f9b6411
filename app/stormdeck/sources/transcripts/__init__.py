"""Read and follow Claude Code's transcripts."""
