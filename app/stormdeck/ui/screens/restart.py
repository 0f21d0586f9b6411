"""The restart dialog: the whole command, what follows from it, and its output once the user has agreed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.worker import Worker, WorkerState

from stormdeck.model.restart import Restart
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import hanging, health_sign, line, lines
from stormdeck.ui.screens.dialog import Dialog, Room

if TYPE_CHECKING:
    from stormdeck.feed.actions.restart import RestartFeed
    from stormdeck.sources.processes.run import Ended


class RestartScreen(Dialog[None]):
    """Run nothing before enter; escape stops the command at any time."""

    BINDINGS = bindings("restart")

    def __init__(self, restart: Restart, feed: RestartFeed) -> None:
        super().__init__()
        self._restart = restart
        self._feed = feed
        self._output: list[str] = []
        self._started = False
        self._is_running = False
        self._ended: Ended | None = None

    def action_run(self) -> None:
        """Run the command, only once."""
        if self._started or not self._restart.argv:
            return
        if self._feed.is_running:
            self.notify("Another restart is still being ended.")
            return
        self._started = self._is_running = True
        self.run_worker(self._run(), group="restart", exclusive=True, exit_on_error=False)
        self.draw()

    def action_copy(self) -> None:
        """Copy the command."""
        if self._restart.command:
            self.app.copy_to_clipboard(self._restart.command)
            self.notify("Copied the command.", timeout=2)

    async def _run(self) -> None:
        try:
            self._ended = await self._feed.run(self._restart, self._add)
        finally:
            self._is_running = False

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show how the command ended."""
        if event.state is WorkerState.ERROR:
            self.notify("The command failed.", severity="error")
        if self.is_attached:
            self._draw_end()

    def _add(self, text: str) -> None:
        self._output.append(text)
        if self.is_attached:
            self._draw_end()

    def _draw_end(self) -> None:
        """Draw, and show the newest output."""
        self.draw()
        self.query_one(Room).scroll_end(animate=False)

    def words(self, width: int) -> Content:
        """Return the command and its consequences, then its output."""
        restart = self._restart
        rows = [*line((clean(restart.title), "bold")).wrap(width), line()]
        for command in restart.command.split("\n") if restart.command else []:
            rows += hanging(line((clean(command), "$accent")), width, line("  "))
        if restart.command:
            rows.append(line())
        if not self._started:
            rows += [row for note in restart.notes for row in _wrapped(note, width)]
            rows += _wrapped(self._question(), width)
        rows += [row for text in self._output for row in line(text).wrap(width)]
        if self._ended is not None:
            sign = health_sign(Health.OK if self._ended.is_success else Health.ERROR)
            rows += hanging(line(clean(f"{restart.argv[0]} {self._ended.words}")), width, line(sign, " "))
        elif self._is_running:
            rows += _wrapped("It runs.", width)
        return lines(rows)

    def _question(self) -> str:
        if self._restart.argv:
            return f"Nothing is run before you press {self.panel.action('restart.run').shown}."
        return "stormdeck does not run it: type it yourself." if self._restart.typed else ""

    def hints(self) -> tuple[Content, ...]:
        """Return the keys that work now."""
        copy = (self.hint("restart.copy", "copy the command"),) if self._restart.command else ()
        if self._is_running:
            return (self.hint("restart.close", "stop"),)
        if self._restart.argv and not self._started:
            return self.hint("restart.run", "run it"), self.hint("restart.close", "run nothing"), *copy
        return (self.hint("restart.close"), *copy)


def _wrapped(text: str, width: int) -> list[Content]:
    return list(Content.styled(clean(text), "$quiet").wrap(max(1, width))) if text else []
