"""Values and rules. Pure: no Textual, no I/O, no clock."""
