"""Hold what the data sources publish: one frozen value for each server, GPU, client and log."""
