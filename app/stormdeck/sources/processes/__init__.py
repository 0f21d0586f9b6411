"""Read the process table: servers, their command lines, their output and their containers."""
