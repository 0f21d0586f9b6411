"""Draw the figures of the last hours: small on the overview, and as a page with one time axis when it is enlarged."""
