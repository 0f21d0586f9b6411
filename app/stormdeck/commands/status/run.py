"""``stormdeck status``: what a running panel says of the stack, else one look of its own."""

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
    """Print the status in a form of ``bars.FORMATS``, else as text, and return the exit code.

    Text is for somebody who asks once, so it is always a look of its own; so is everything with ``fresh``.
    """
    if shape is None:
        from stormdeck.commands.status.fresh import look_and_tell

        return look_and_tell(options, environ)
    told = None if fresh else _published(options, environ, shape)
    session = model = ""
    if shape == STATUSLINE:
        from stormdeck.commands.status.session import read_session

        session, model = read_session()
    if told is None:
        from stormdeck.commands.status.fresh import look_and_show

        return look_and_show(options, environ, shape, session, model)
    as_ascii = options.ascii if options.ascii is not None else told.only_ascii
    return show(told.bar, told.status, shape, environ, session=session, model=model, as_ascii=as_ascii)


def _published(options: Options, environ: Mapping[str, str], shape: str) -> Published | None:
    paths = user_paths(environ, options.home, options.project)
    shell = environ if options.home is None else {}
    question = Question(
        shell, claude=str(paths.claude), project=str(paths.project), named=stack_options(options), shape=shape
    )
    return published(os.fspath(paths.panels), question, time.time())
