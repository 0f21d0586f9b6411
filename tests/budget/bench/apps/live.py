"""A dashboard as one writes it in an hour: every second six numbers of vLLM's /metrics. ``python live.py URL``."""

import re
import sys

import httpx
from textual.app import App
from textual.binding import Binding
from textual.widgets import Footer, Header, Static

NAMES = (
    *("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"),
    *("prompt_tokens_total", "generation_tokens_total", "prefix_cache_hits_total"),
)


class Live(App):
    BINDINGS = [Binding("q", "quit", "leave")]  # noqa: RUF012

    def compose(self):
        yield Header()
        for name in NAMES:
            yield Static(name, id=name)
        yield Footer()

    def on_mount(self):
        self.client = httpx.AsyncClient()
        self.set_interval(1.0, self.look)

    async def look(self):
        text = (await self.client.get(f"{sys.argv[1]}/metrics")).text
        for name in NAMES:
            found = re.search(rf"^vllm:{name}{{[^}}]*}} (\S+)", text, re.MULTILINE)
            self.query_one(f"#{name}", Static).update(f"{name} {found[1] if found else '-'}", layout=False)


if __name__ == "__main__":
    Live().run()
