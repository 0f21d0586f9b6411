"""Represent storms, predict their next attempt, and recognise the same storm again."""
