"""Read requests from access lines: of uvicorn, of fronts, as text and as JSON."""
