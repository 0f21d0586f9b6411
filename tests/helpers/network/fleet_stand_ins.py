"""Stand-in vLLMs that a Prometheus scrapes, and the page of a LiteLLM."""

from concurrent.futures import ThreadPoolExecutor

from demo_servers import MODEL
from places import TESTS

REQUESTS = 40
LITELLM = (TESTS / "data" / "prometheus" / "litellm-1.110.2.txt").read_text()
"""What LiteLLM 1.110.2 showed after three requests that it answered and three to a deployment that is down."""


class Fleet:
    """The stand-ins and the requests that they get."""

    def __init__(self, servers):
        self.servers = servers

    @property
    def targets(self):
        return [one.url.removeprefix("http://") for one in self.servers]

    def work(self, count=REQUESTS):
        """Send requests to all that run, a few at once to each."""
        body = {"model": MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": "hello"}]}
        with ThreadPoolExecutor(3 * len(self.servers)) as pool:
            for _ in range(count):
                for one in self.servers:
                    pool.submit(one.request, "POST", "/v1/messages", json=body)
