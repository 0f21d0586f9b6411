"""Choose the server for which the first settings are proposed."""

from __future__ import annotations

from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.model.editing.starter import Target, is_blank, target
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.snapshots.client_state import Login


def first_server(known: Knowledge) -> Target | None:
    """Return the server for the first settings; ``None`` if the user has settings or is logged in.

    If a login cannot be ruled out, only a server that the user named: otherwise prompts would go to another place than
    before.
    """
    facts = facts_of(known.deck(known.settings))
    free = facts.login is Login.NONE or (facts.login is Login.UNKNOWN and bool(facts.named))
    if not free or not is_blank(known.settings):
        return None
    # Whether the client reaches what ssh reaches is not known.
    if any(one.by_ssh for one in known.seen.discovery.found):
        return None
    return target(known.seen.vllm, known.seen.proxy)
