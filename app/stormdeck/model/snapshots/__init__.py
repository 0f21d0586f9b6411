"""Frozen values that the sources hand on: one for each thing outside."""
