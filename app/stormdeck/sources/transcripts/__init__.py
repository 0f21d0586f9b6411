"""The client's transcripts: read at once, or followed."""
