"""Read and write stormdeck's own state: past storms, the theme, the status of running panels."""
