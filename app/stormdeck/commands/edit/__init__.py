"""Edit Claude Code's settings from the command line: one value (``set``, ``unset``), and the steps of any edit."""
