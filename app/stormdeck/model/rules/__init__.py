"""The rules: facts in, findings out. One module a family."""
