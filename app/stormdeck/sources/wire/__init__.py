"""The recorder: a loopback server that passes Claude Code's requests on to the server, and notes what becomes of them.

``server.py`` listens and runs ``recorder.py``, an ASGI application. Each connection of the client has its own
connection to the server (``connections.py``, ``upstream.py``, ``connecting.py``, ``answering.py``), so that what
happens to one happens to the other: a reset is passed on as a reset, a cut as a cut, and a client that leaves ends the
request at the server. ``journal.py`` keeps the exchanges in a file that ends with the recorder; ``reader.py`` reads the
files of all running recorders.
"""
