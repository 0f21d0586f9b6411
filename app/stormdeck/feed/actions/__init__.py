"""What the panel does when the user asks for it: a canary, a restart, a switch of profiles."""
