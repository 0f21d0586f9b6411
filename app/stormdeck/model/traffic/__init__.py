"""Count requests, turns and retries over time, and the requests that a proxy makes of them."""
