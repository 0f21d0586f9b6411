"""A server that takes a while for each answer."""

import asyncio

LATE_S = 0.25


def late(server, by_s=LATE_S):
    """Return a server that takes that long for each answer, over however many connections."""
    handle = server.handle

    async def slow(reader, writer):
        class Held:
            async def readuntil(self, end):
                head = await reader.readuntil(end)
                await asyncio.sleep(by_s)
                return head

        await handle(Held(), writer)

    return slow
