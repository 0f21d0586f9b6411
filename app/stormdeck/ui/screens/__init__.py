"""The work areas and the dialogs."""
