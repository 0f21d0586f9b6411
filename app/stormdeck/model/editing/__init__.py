"""Edit a settings file as a draft: what follows from the edits, which fixes help, and the diff."""
