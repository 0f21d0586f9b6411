"""The canary: a handful of tiny requests in the client's own shape, and what their answers prove."""
