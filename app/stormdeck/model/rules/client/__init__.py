"""Rules about the settings of Claude Code."""
