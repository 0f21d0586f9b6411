"""Read and write files within bounds, and run blocking calls beside the event loop."""
