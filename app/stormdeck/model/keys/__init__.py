"""The actions of the panel, their keys, and the user's own keymap."""
