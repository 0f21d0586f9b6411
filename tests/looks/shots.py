"""The states that the snapshots and screenshots show: an area, its data, the time of the samples."""

from collections.abc import Callable
from dataclasses import dataclass, field

import fleets
import samples
from history_samples import HOUR, STORM_HOUR
from panel import make_app, settled, show, until
from stormdeck.feed.protocol import PanelFeed
from stormdeck.ui.appearance import Appearance

STORM = (samples.WELL, samples.FOUND, samples.VLLM, samples.PROXY, samples.GPUS, samples.STORMY, STORM_HOUR)
FLIGHT = (*STORM, samples.IN_FLIGHT)
CALM = (samples.WELL, samples.FOUND, samples.VLLM, samples.PROXY, samples.GPUS, samples.CALM, HOUR)
DOWN = (*CALM, samples.DOWN_VLLM)
NO_GPU = (*CALM, samples.NO_GPU)
MANY_GPUS = (*CALM, samples.EIGHT_GPUS)
PITFALLS = (*CALM, samples.WRONG)
INVALID = (*CALM, samples.BROKEN)
TIMELINE = (*STORM, samples.TIMELINE)
FLEET = (*CALM, fleets.FLEET)
NOTHING = (samples.NO_FILE, samples.NOTHING, samples.NO_GPU)


@dataclass(frozen=True)
class Shot:
    """One picture of the panel."""

    area: str
    snapshots: tuple
    size: tuple
    keys: tuple = ()
    lines: tuple | None = None
    """By default the logs of the traffic."""
    look: Appearance = field(default_factory=Appearance)
    answers: Callable[[], PanelFeed] | None = None
    """Makes a feed that answers for what is not in the snapshots; it is not started."""

    def app(self):
        """Return a panel for it."""
        usual = samples.log_lines() if samples.STORMY in self.snapshots else samples.calm_lines()
        return make_app(lines=usual if self.lines is None else self.lines, look=self.look, client_version="2.1.329")

    async def set_up(self, pilot):
        """Bring a running panel into the state."""
        for snapshot in self.snapshots:
            pilot.app.deliver(snapshot)
        if self.snapshots:
            await until(pilot, lambda: pilot.app.deck.settings.files)
        await show(pilot, self.area)
        await settled(pilot)
        if self.answers is not None:
            pilot.app.feed = self.answers()
        await pilot.press(*self.keys)
        await settled(pilot)
