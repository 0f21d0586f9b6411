"""The status document, and its short form for a bar."""
