"""Ask Docker and podman about containers, by the Engine API."""
