"""The commands ``run`` and ``tap``: put the recorder between Claude Code and its server."""
