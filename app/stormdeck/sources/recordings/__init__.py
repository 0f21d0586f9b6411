"""Read finished logs and recordings, and write recordings while following."""
