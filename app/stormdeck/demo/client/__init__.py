"""Simulate Claude Code 2.1.332: the same requests, and the same retries."""

CLIENT_VERSION = "2.1.332"
