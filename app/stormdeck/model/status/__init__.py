"""The status document, and its short form for status bars."""
