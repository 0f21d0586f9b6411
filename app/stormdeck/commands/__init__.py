"""The command line and the commands that need no terminal. None of them imports the panel."""
