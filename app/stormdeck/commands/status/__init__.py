"""Report the state of the stack once: as text, as JSON, and for status bars."""
