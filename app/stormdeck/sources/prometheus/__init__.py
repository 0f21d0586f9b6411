"""Ask Prometheus, and what speaks its query API, about many servers. Begin with ``source``."""
