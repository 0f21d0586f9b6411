"""Parse the lines of server logs: prefixes, requests, records, tracebacks, and how a log ends."""
