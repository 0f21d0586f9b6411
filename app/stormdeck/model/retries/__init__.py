"""Turns, attempts, retries and storms, told from requests."""
