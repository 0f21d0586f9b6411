"""Keys and what they do: the registry of actions, how keys are written, and the user's own keymap."""
