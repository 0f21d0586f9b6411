"""Everything that overrides or works around Textual, with the reason for each."""
