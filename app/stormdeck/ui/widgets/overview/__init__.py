"""Widgets of the Overview screen."""
