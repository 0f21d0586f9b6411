"""See another machine over one connection of the user's own OpenSSH: its servers, logs and GPUs.

Nothing is installed there. Begin with ``machine``.
"""
