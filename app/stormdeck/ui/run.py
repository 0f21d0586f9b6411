"""Start the panel: build the app and its feed from the options."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from stormdeck.model.desktop_notification import OFF, escape_sequence
from stormdeck.model.logs.book import LogBook
from stormdeck.options import Options
from stormdeck.options.choices import ChoiceKeeper, with_choices
from stormdeck.options.declared import own_servers, refusal
from stormdeck.paths import user_paths
from stormdeck.sources.clipboard import tmux_clipboard
from stormdeck.sources.state.choices import ChoiceStore
from stormdeck.sources.state.theme import ThemeStore
from stormdeck.ui.app import StormdeckApp
from stormdeck.ui.appearance import Appearance, chosen_appearance, named_theme
from stormdeck.ui.themes import full_name, unknown_theme

if TYPE_CHECKING:
    from stormdeck.feed.feed import Feed, MakeSampler
    from stormdeck.feed.publisher import Publisher
    from stormdeck.sources.recordings.tape import Tape

BAD_THEME = 2
"""The exit code for an unknown theme, as for other wrong options."""


def run_panel(options: Options, *, sampler: MakeSampler | None = None, demo: bool = False) -> int:
    """Run the panel until the user exits; return the exit code.

    ``sampler`` replaces the real GPU source.
    """
    paths = user_paths(os.environ, options.home, options.project)
    themes, choices = ThemeStore(paths.theme), ChoiceStore(paths.choices)
    keeper = ChoiceKeeper(options, choices)
    options = with_choices(options, choices.load())
    look = _appearance(options, themes)
    if look is None:
        return BAD_THEME
    environ = {} if options.home is not None else dict(os.environ)
    book = LogBook(options.lines)
    app = StormdeckApp(
        paths.home,
        book=book,
        look=look,
        demo=demo,
        client_version=options.client_version,
        named=own_servers(options),
        bell=options.bell,
        keys=options.keys,
        poll_s=options.poll,
    )
    app.keep_choice = keeper.keep
    if options.readonly:
        app.read_only = f"The panel is {refusal(options)}"
        app.keep_theme = lambda _: f"{app.read_only} The theme applies until you quit."
    else:
        app.keep_theme = themes.save if options.theme is None else lambda _: named_theme(options)
    app.to_clipboard = tmux_clipboard(os.environ)

    async def load() -> tuple[Feed, Publisher | None]:
        feed, publisher = await asyncio.to_thread(_import_feed)
        publishes = not demo and not options.readonly
        return (
            feed(options, paths, environ, book, app.deliver, app.notify_lines, sampler),
            publisher(options, paths, lambda: app.deck, lambda: app.judged) if publishes else None,
        )

    app.load_feed = load
    if options.notify != OFF:
        app.storm_alert.notification = partial(escape_sequence, options.notify, in_tmux="TMUX" in os.environ)
    app.run(mouse=options.mouse)
    return app.return_code or 0


def _import_feed() -> tuple[type[Feed], type[Publisher]]:
    """Import the feed and what it depends on, which takes longer than the first paint."""
    from stormdeck.feed.feed import Feed
    from stormdeck.feed.publisher import Publisher

    return Feed, Publisher


def run_replay(options: Options, tape: Tape, speed: float) -> int:
    """Play a recording until the user exits; return the exit code. Ask no server and write nothing."""
    from stormdeck.ui.replay_app import ReplayApp

    paths = user_paths(os.environ, options.home, options.project)
    options = with_choices(options, ChoiceStore(paths.choices).load())
    look = _appearance(options, ThemeStore(paths.theme))
    if look is None:
        return BAD_THEME
    app = ReplayApp(options, paths, look, tape, speed)
    app.keep_choice = lambda *_: "Until you quit: a replay writes nothing."
    app.to_clipboard = tmux_clipboard(os.environ)
    app.run(mouse=options.mouse)
    return app.return_code or 0


def _appearance(options: Options, themes: ThemeStore) -> Appearance | None:
    """Return the chosen appearance, or ``None`` after an error message if there is no such theme."""
    look = chosen_appearance(options, themes.load(), os.environ)
    if full_name(look.theme) is None:
        sys.stderr.write(f"stormdeck: {unknown_theme(look.theme)}\n")
        return None
    return look
