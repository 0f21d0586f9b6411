"""Storms: what one is, how it stands, and which accounts are of the same one."""
