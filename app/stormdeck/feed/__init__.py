"""Runs the sources, drops what shows nothing new, backs off, and hands snapshots on."""
