"""Draw the fleet: what is wrong on top, a line for each instance and proxy, and the selected one in full."""
