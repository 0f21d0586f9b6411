"""``stormdeck use``: switch Claude Code between servers by profiles, list them, save one."""
