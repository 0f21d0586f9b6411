"""Count requests, turns and retries over time."""
