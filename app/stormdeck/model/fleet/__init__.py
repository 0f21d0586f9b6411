"""Describe many servers at once, as a Prometheus that scrapes them knows them. Begin with ``snapshot``."""
