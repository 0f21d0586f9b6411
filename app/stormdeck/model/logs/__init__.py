"""Parse the lines of server logs: access lines, records, tracebacks, and how a log ends."""
