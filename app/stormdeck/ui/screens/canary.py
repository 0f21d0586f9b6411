"""The canary dialog: what it would send, then each result, then what will work with Claude Code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.worker import Worker, WorkerState

from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.features import Feature
from stormdeck.model.canary.plan import EACH_S, LONG_S, Plan, pending
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.text import clean
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import HEALTH_STYLES, health_sign, line, lines
from stormdeck.ui.screens.dialog import Dialog

if TYPE_CHECKING:
    from stormdeck.feed.actions.canary import CanaryFeed

NAME = 26
"""Columns of the name of a check."""


class CanaryScreen(Dialog[None]):
    """Send nothing before enter; escape stops the canary at any time."""

    class Finished(Message):
        """The canary has run."""

        def __init__(self, report: CanaryReport) -> None:
            self.report = report
            super().__init__()

    BINDINGS = bindings("canary")

    def __init__(self, plan: Plan, canary: CanaryFeed) -> None:
        super().__init__()
        self._plan = plan
        self._canary = canary
        self._checks: list[Check] = []
        self._report: CanaryReport | None = None
        self._sent = False
        self._wants_long = False

    def action_long(self) -> None:
        """Plan a long prompt too, or no longer, before anything is sent."""
        if self._sent:
            return
        self._wants_long = not self._wants_long
        self._plan = self._canary.plan(self.panel.deck, wants_long=self._wants_long)
        self.draw()

    def action_send(self) -> None:
        """Send the requests, only once."""
        if self._sent or not self._plan.requests:
            return
        self._sent = True
        self.run_worker(self._run(), group="canary", exclusive=True, exit_on_error=False)
        self.draw()

    async def _run(self) -> None:
        self._report = await self._canary.run(self._plan, self._add)
        self.post_message(self.Finished(self._report))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show how the canary ended."""
        if event.state is WorkerState.ERROR:
            self.notify("The canary failed.", severity="error")
        self.draw()

    def _add(self, check: Check) -> None:
        self._checks.append(check)
        self.draw()

    def words(self, width: int) -> Content:
        """Return what would be sent, then the results."""
        rows = [
            line(("CANARY  ", "$quiet bold"), f"test requests shaped like Claude Code {self._plan.shape.version}"),
            line(),
        ]
        if not self._sent:
            key = self.panel.action("canary.send").shown
            text = f"It would send {self._plan.cost}. They use the GPU. Nothing is sent before you press {key}."
            rows += _wrapped(text, width)
            rows += [row for note in self._plan.notes for row in _wrapped(note, width)]
            if self._wants_long:
                rows += [
                    row for check in self._plan.known if check.question is Question.LONG for row in _row(check, width)
                ]
        if self._report is not None:
            rows.append(line(("WHAT WORKS", "$quiet bold")))
            rows += [row for feature in self._report.features for row in _feature(feature, width)] + [line()]
        for route in Route:
            checks = [check for check in self._checks if check.route is route]
            if checks:
                rows.append(line(("VLLM ITSELF" if route is Route.DIRECT else "CLAUDE CODE'S ROUTE", "$quiet bold")))
                rows += [row for check in checks for row in _row(check, width)] + [line()]
        if self._report is not None:
            for blame in self._report.blames:
                rows += _wrapped(f"{blame.question.label}: {blame.hop.value}. {blame.message}", width)
            rows += _wrapped(f"Claude Code here: {self._report.summary}.", width, "bold")
            rows += _wrapped(f"It took {self._report.cost}.", width)
        elif self._sent:
            rows += _wrapped(self._waiting(), width)
        return lines(rows)

    def _waiting(self) -> str:
        question = pending(self._plan, self._checks)
        if question is None:
            return "waiting for answers"
        limit = LONG_S if question is Question.LONG else EACH_S
        return f"waiting for an answer: {question.label}, at most {limit:g} s"

    def hints(self) -> tuple[Content, ...]:
        """Return the keys that work now."""
        if self._report is not None:
            return (self.hint("canary.stop", "close"),)
        if self._sent:
            return (self.hint("canary.stop"),)
        long = self.hint("canary.long", "no long prompt" if self._wants_long else "")
        return self.hint("canary.send"), long, self.hint("canary.stop", "send nothing")


def _row(check: Check, width: int) -> list[Content]:
    colour = HEALTH_STYLES[check.verdict.health]
    name = line(health_sign(check.verdict.health), f" {check.name:<{NAME}}", (check.verdict.value, colour))
    code = line((f"  {check.code}", "$accent")) if check.code else line()
    return [Content.assemble(name, code), *(line("  ", row) for row in _wrapped(check.message, width - 2))]


def _feature(feature: Feature, width: int) -> list[Content]:
    colour = HEALTH_STYLES[feature.verdict.health]
    room = min(NAME, width - len(feature.state) - 3)
    name = line(health_sign(feature.verdict.health), f" {feature.name:<{room}} ", (feature.state, colour))
    code = line((f"  {feature.code}", "$accent")) if feature.code else line()
    rows = [Content.assemble(name, code)]
    if feature.verdict is not Verdict.PASS:
        rows += [line("  ", row) for row in _wrapped(feature.message, width - 2)]
    if feature.change:
        rows += [line("  ", row) for row in _wrapped(f"Change: {feature.change}", width - 2)]
    return rows


def _wrapped(text: str, width: int, style: str = "$quiet") -> list[Content]:
    return list(Content.styled(clean(text), style).wrap(max(1, width))) if text else []
