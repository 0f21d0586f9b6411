"""The least that passes a request on with uvicorn and httpx: ``python forwarder.py PORT TARGET``."""

import sys

import httpx
import uvicorn

PORT, TARGET = int(sys.argv[1]), sys.argv[2]
CLIENT = httpx.AsyncClient(timeout=None, trust_env=False)  # noqa: S113 - the client has its own


async def forward(scope, receive, send):
    """Pass one request on as it comes."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    async with CLIENT.stream(scope["method"], TARGET + scope["path"], headers=headers, content=body) as answer:
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() != b"transfer-encoding"]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
        async for piece in answer.aiter_raw():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


uvicorn.run(forward, port=PORT, log_level="warning", access_log=False)
