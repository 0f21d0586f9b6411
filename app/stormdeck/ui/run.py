"""Starts the panel: the app, its feed, and what the options say of both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stormdeck.feed.late import LateFeed
from stormdeck.model.logs.book import LogBook
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.ui.app import StormdeckApp

if TYPE_CHECKING:
    from stormdeck.feed.feed import Feed, MakeSampler


def run_panel(options: Options, *, sampler: MakeSampler | None = None, demo: bool = False) -> int:
    """Run the panel until the user leaves it; return the exit code.

    ``sampler`` takes the place of the real GPU source.
    """
    paths = user_paths(os.environ, options.home, options.project)
    environ = {} if options.home is not None else dict(os.environ)
    book = LogBook(options.lines)
    app = StormdeckApp(
        paths.home,
        book=book,
        theme=options.theme,
        demo=demo,
        client_version=options.client_version,
        bell=options.bell,
    )

    def make() -> Feed:
        from stormdeck.feed.feed import Feed

        return Feed(options, paths, environ, book, app.hand, app.lines_came, sampler)

    app.feed = LateFeed(make)
    app.run(mouse=options.mouse)
    return app.return_code or 0
