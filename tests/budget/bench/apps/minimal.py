"""The least that one would call a Textual program."""

from textual.app import App
from textual.binding import Binding
from textual.widgets import Footer, Header, Static


class Minimal(App):
    BINDINGS = [Binding("q", "quit", "leave")]  # noqa: RUF012

    def compose(self):
        yield Header()
        yield Static("hello")
        yield Footer()


if __name__ == "__main__":
    Minimal().run()
