"""Widgets of the Settings screen."""
