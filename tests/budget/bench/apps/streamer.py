"""A server that streams: ``/first`` one event, ``/EVENTS/SECONDS`` so many a second. It prints its port."""

import asyncio
import time

EVENT = b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"word "}}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    """Return a chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


async def answer(reader, writer):
    """Answer the requests of one connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            await reader.readexactly(int(fields.get(b"content-length", 0)))
            path = head.split()[1].partition(b"?")[0].decode().removesuffix("/v1/messages")
            rate, seconds = (0, 0) if path == "/first" else map(int, path.strip("/").split("/"))
            writer.write(HEAD)
            begun = time.monotonic()
            for number in range(rate * seconds):
                writer.write(chunk(EVENT))
                late = begun + number / rate - time.monotonic()
                if late > 0:
                    await asyncio.sleep(late)
            writer.write(chunk(STOP) + b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve():
    """Serve until killed."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - what it is asked for
    await server.serve_forever()


asyncio.run(serve())
