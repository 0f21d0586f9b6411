"""The secrets of an edited file: those of the file are collected once, those of the edit are added."""

import json

from hypothesis import given
from hypothesis import strategies as st

import samples
from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.masking import findings
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.masking.lines import MASK
from stormdeck.model.masking.longest_prefix import LongestPrefix

SECRETS = st.lists(st.text("abcdef", min_size=6, max_size=12), max_size=6)


@given(SECRETS, SECRETS)
def test_added_secrets_are_masked_as_if_they_were_known_from_the_start(first, more):
    text = " ".join([*first, *more, "hands off"])
    assert KnownSecrets(first).with_more(more)(text) == KnownSecrets([*first, *more])(text)


def test_the_first_masker_does_not_learn_what_is_added():
    first = KnownSecrets(["alphaalpha"])
    assert first.with_more(["alphabeta"])("alphabeta") == MASK
    assert first("alphabeta") == "alphabeta"


@given(st.lists(st.text("ab", min_size=1, max_size=9), max_size=30), st.text("ab", max_size=20))
def test_the_longest_text_is_found_at_each_offset(texts, text):
    at = LongestPrefix(texts).at
    for offset in range(len(text) + 1):
        assert at(text, offset) == max((len(one) for one in texts if text.startswith(one, offset)), default=0)


def test_no_secret_of_many_that_begin_alike_is_forgotten():
    env = {f"MY_TOKEN_{number}": f"sk-team-{number * 7919 % 10007:05}-q" for number in range(3000)}
    hide = known_secrets(samples.settings(json.dumps({"env": env})))
    for secret in env.values():
        assert hide(f"the server refused {secret} today") == f"the server refused {MASK} today"


def test_secrets_that_differ_in_length_only_are_searched_in_few_steps():
    """One secret for each length, and a text that begins as all of them but is none."""
    index = LongestPrefix("a" * length for length in range(100, 2000))
    compared = []

    class Text(str):
        def startswith(self, *given):
            compared.append(given)
            return super().startswith(*given)

    assert index.at(Text("a" * 99 + "b"), 0) == 0
    assert len(compared) < 60
    assert index.at("a" * 150 + "b", 0) == 150


def long_file(**env):
    secrets = {f"MY_KEY_{number}": f"{number:05}-hidden" for number in range(2000)}
    return samples.settings(json.dumps({"env": {**secrets, **env}}, indent=1))


def test_a_letter_collects_the_secrets_of_the_file_not_again(monkeypatch):
    draft = Draft(Deck(settings=long_file()))
    assert draft.findings is not None
    collected = []
    original = findings.secrets_in
    monkeypatch.setattr(findings, "secrets_in", lambda *given: (collected.append(given), original(*given))[1])
    for letter in ("n", "ne", "new-secret-1"):
        draft.edit("env.OTHER_TOKEN", letter).findings  # noqa: B018
    assert collected == []


def test_secrets_of_the_file_and_of_the_edit_are_masked_alike():
    before = long_file()
    draft = Draft(Deck(settings=before)).edit("env.OTHER_TOKEN", "new-secret-1").edit("env.MY_KEY_7", "fresh-00007")
    hide = known_secrets(draft.preview, before=before)
    for secret in ("new-secret-1", "fresh-00007", "00007-hidden", "01999-hidden"):
        assert hide(f"the server refused {secret} today") == f"the server refused {MASK} today"
