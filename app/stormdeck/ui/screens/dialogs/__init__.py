"""Dialogs of one screen each."""
