"""Widgets that draw one snapshot each."""
