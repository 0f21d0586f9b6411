"""What users say in their own words: symptoms of articles and reports, and neighbours of them."""

import pytest

from samples import CALM, FOUND, VLLM, WRONG
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.symptoms.concepts import CONCEPTS
from stormdeck.model.symptoms.decode import decode, matched_messages
from stormdeck.model.symptoms.evidence import Standing
from stormdeck.model.symptoms.own_words import SYMPTOMS, symptoms_in

EMPTY = Deck()
SAID = {
    # The tables of two articles.
    "Claude Code spins forever waiting for a tool call": "SERVER902",
    "400 errors on roughly half your requests": "PROXY802",
    "Streaming responses cut off mid-sentence": "PROXY803",
    "`claude` command fails with auth error": "AUTH201",
    "Model returns prose instead of structured tool calls": "SERVER901",
    "“There’s an issue with the selected model”": "URL101",
    "API Error: 404": "URL101",
    "Model not found": "MODEL303",
    "Intermittent validation": "MODEL305",
    "Relying on `ANTHROPIC_CUSTOM_MODEL_OPTION` alone": "MODEL306",
    "still validation errors": "MODEL306",
    "Intermittent validation failures": "MODEL305",
    "intermittent validation failures — sometimes works, sometimes not": "MODEL305",
    "authentication friction": "AUTH201",
    "404 on API calls": "URL101",
    "model not found / mismatch": "MODEL303",
    # As people write in forums.
    "Claude Code ignores my local model and still uses sonnet": "MODEL305",
    "every answer starts with <think>": "SERVER902",
    "the reasoning is visible in the chat": "SERVER902",
    "I get 404 on /v1/messages": "URL101",
    "the endpoint gives me a 404": "URL101",
    "the status line shows 200k but my model has 32k": "CTX601",
    "it assumes a 200k window although the server has only 65k": "CTX601",
    "gpu sits at 0% while claude spins": "URL105",
    "my GPUs are idle": "URL105",
    "it calls haiku instead of my qwen": "MODEL305",
    "ECONNREFUSED 127.0.0.1:8000": "URL105",
    "output stops after 4096 tokens": "PROXY803",
    "plan mode doesn't work with my local model": "SERVER901",
    "it says I hit my usage limit but I use my own server": "URL102",
    "requests go through twice": "SERVER905",
    # Neighbours.
    "spins forever waiting for a tool call": "SERVER902",
    "spinner for ever after a tool call": "SERVER902",
    "streaming responses cut off mid-sentence": "PROXY803",
    "answers are cut off": "PROXY803",
    "the answer stops in the middle": "PROXY803",
    "responses get truncated": "PROXY803",
    "returns prose instead of tool calls": "SERVER901",
    "tool calls come back as text": "SERVER901",
    "<tool_call> appears in the answer": "SERVER901",
    "it prints JSON instead of calling the tool": "SERVER901",
    "the model does not use tools": "SERVER901",
    "slow since the update": "TRAFFIC402",
    "slow after upgrading claude code": "TRAFFIC402",
    "ten times slower than before": "TRAFFIC402",
    "everything is very slow": "TRAFFIC402",
    "it takes 5 minutes to answer": "TRAFFIC402",
    "hangs": "URL105",
    "it hangs and shows a spinner only": "URL105",
    "three silent minutes, nothing happens": "URL105",
    "no answer and no error": "URL105",
    "asks me to log in": "AUTH201",
    "it keeps asking me to login again": "AUTH201",
    "claude wants me to sign in": "AUTH201",
    "it does not compact": "CTX601",
    "auto-compact never triggers": "CTX601",
    "autocompact loops": "CTX601",
    "context fills up and it never compacts": "CTX601",
    "it stopped working after an update of Claude Code": "SERVER903",
    "broken since the new client version": "SERVER903",
    "it keeps retrying": "SERVER905",
    "my settings are ignored": "FILE701",
    "it uses the wrong model": "MODEL305",
    "subagents hang": "MODEL305",
    "my prompts go to api.anthropic.com": "URL102",
    "works with curl but not with claude": "URL101",
    "cannot connect to the server": "URL105",
    "litellm does not start": "PROXY801",
    "429 errors": "PROXY808",
}


@pytest.mark.parametrize("text", SAID, ids=str)
def test_a_symptom_in_other_words_has_ranked_causes(text):
    assert decode(text, EMPTY)[0].code == SAID[text]


@pytest.mark.parametrize("text", SAID, ids=str)
def test_case_quotes_and_a_full_stop_do_not_matter(text):
    for copied in (text.upper(), f'"{text}"', f"{text}.", f"  {text}\n", f"\x1b[1m{text}\x1b[0m", f"Help: {text}!"):
        assert decode(copied, EMPTY)[0].code == SAID[text], copied


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the weather is nice",
        "fix the tests please",
        "please write a function that adds two numbers",
        "the update of the readme",
        "refactor the login page of my app",
        "404",
        "🙂" * 30,
        "slow " * 60,
        '{"slow": 1}',
    ],
)
def test_other_text_is_no_symptom(text):
    assert symptoms_in(text) == ()
    assert matched_messages(text) == ()


def test_what_was_found_here_comes_first():
    deck = Deck(client_version="2.1.329", version_given=True)
    for snapshot in (WRONG, FOUND, VLLM, CALM):
        deck = take(deck, snapshot)
    cause = decode("works with curl but not with claude", deck)[0]
    assert (cause.code, cause.standing) == ("URL101", Standing.FOUND)


def test_the_symptom_that_explains_more_of_the_words_hides_the_general_one():
    assert matched_messages("slow since the update") == ("slower since an update",)
    assert matched_messages("hangs in a tool call") == ("it waits for a tool call that never comes",)


def test_a_symptom_needs_known_concepts_and_has_causes_or_advice():
    for symptom in SYMPTOMS:
        assert all(CONCEPTS.keys() >= set(concepts) for concepts in symptom.concepts), symptom.name
        assert symptom.codes or symptom.advice
    used = {concept for symptom in SYMPTOMS for concepts in symptom.concepts for concept in concepts}
    assert used == CONCEPTS.keys()
