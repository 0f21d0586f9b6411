"""Read and write stormdeck's own state: remembered storms, the theme, what open panels say."""
