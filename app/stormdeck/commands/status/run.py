"""``stormdeck status``: print what an open panel knows; without one, ask the servers."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from stormdeck.commands.status.formats import STATUSLINE, show
from stormdeck.options import Options
from stormdeck.options.declared import stack_options
from stormdeck.paths import user_paths
from stormdeck.sources.state.panel_status import Published, Question, published


def run(options: Options, environ: Mapping[str, str], *, shape: str | None, fresh: bool = False) -> int:
    """Print the status in one of ``formats.FORMATS``, or as text, and return the exit code.

    For text, and with ``fresh``, the servers are always asked.
    """
    if shape is None:
        from stormdeck.commands.status.fresh import ask_and_print

        return ask_and_print(options, environ)
    panel = None if fresh else _published(options, environ, shape)
    session = model = ""
    if shape == STATUSLINE:
        from stormdeck.commands.status.session import read_session

        session, model = read_session()
    if panel is None:
        from stormdeck.commands.status.fresh import ask_and_show

        return ask_and_show(options, environ, shape, session, model)
    as_ascii = options.ascii if options.ascii is not None else panel.only_ascii
    return show(panel.bar, panel.status, shape, environ, session=session, model=model, as_ascii=as_ascii)


def _published(options: Options, environ: Mapping[str, str], shape: str) -> Published | None:
    paths = user_paths(environ, options.home, options.project)
    shell = environ if options.home is None else {}
    question = Question(
        shell, claude=str(paths.claude), project=str(paths.project), named=stack_options(options), shape=shape
    )
    return published(os.fspath(paths.panels), question, time.time())
