"""Recordings and logs that were written before: read after the fact, and kept while following."""
