"""Widgets of the Checks screen."""
