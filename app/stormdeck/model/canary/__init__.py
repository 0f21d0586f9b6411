"""The canary: a few small requests shaped like those of Claude Code, and what the answers prove."""
