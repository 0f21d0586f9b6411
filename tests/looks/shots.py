"""What the snapshots and the screenshots show: an area in a state, at the time of the samples."""

from dataclasses import dataclass

import samples
from panel import AREAS, make_app, until

STORM = (samples.WELL, samples.FOUND, samples.VLLM, samples.PROXY, samples.GPUS, samples.STORMY)
CALM = (samples.WELL, samples.FOUND, samples.VLLM, samples.PROXY, samples.GPUS, samples.CALM)
DOWN = (*CALM, samples.DOWN_VLLM)
NO_GPU = (*CALM, samples.NO_GPU)
PITFALLS = (*CALM, samples.WRONG)
INVALID = (*CALM, samples.BROKEN)
NOTHING = (samples.NO_FILE, samples.NOTHING, samples.NO_GPU)


@dataclass(frozen=True)
class Shot:
    """One picture of the panel."""

    area: str
    snapshots: tuple
    size: tuple
    keys: tuple = ()
    lines: tuple | None = None
    theme: str = "stormdeck-dark"

    def app(self):
        """Return a panel for it."""
        return make_app(lines=self.lines, theme=self.theme, client_version="2.1.329")

    async def set_up(self, pilot):
        """Bring a running panel into the state."""
        for snapshot in self.snapshots:
            pilot.app.hand(snapshot)
        await until(pilot, lambda: pilot.app.deck != type(pilot.app.deck)(client_version="2.1.329"))
        await pilot.press(AREAS[self.area])
        await until(pilot, lambda: pilot.app.screen.AREA == self.area and pilot.app.screen.is_active)
        await pilot.pause()
        await pilot.press(*self.keys)
        await pilot.pause()
        await until(pilot, lambda: not pilot.app.screen._layout_required)
