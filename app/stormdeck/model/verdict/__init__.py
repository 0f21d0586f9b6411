"""The verdict: what is the matter on the path, the most useful true statement first."""
