"""Widgets of the panel: those of all screens here, those of one screen in its own package."""
