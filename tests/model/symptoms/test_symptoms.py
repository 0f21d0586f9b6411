"""The decoder: the client's message, any version, cut or quoted, to ranked causes with what is found here."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples import CALM, FOUND, GPUS, NOTHING, PROXY, STORMY, VLLM, WELL, WELL_SET, WRONG
from samples import settings as config
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.rules.registry import page_of
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symptoms.decode import decode, matched_messages, near
from stormdeck.model.symptoms.evidence import Standing
from stormdeck.model.symptoms.log_traces import traces
from stormdeck.model.symptoms.matching import quoting
from stormdeck.model.symptoms.messages import MESSAGES
from stormdeck.model.symptoms.own_words import SYMPTOMS
from stormdeck.model.symptoms.server_errors import ERRORS, model_in

SELECTED = (
    "There's an issue with the selected model (Qwen3.5-27B). It may not exist or you may not have access to it. "
    "Run --model to pick a different model."
)


def deck(*snapshots):
    made = Deck(client_version="2.1.329", version_given=True)
    for snapshot in snapshots:
        made = take(made, snapshot)
    return made


HERE = deck(WELL, FOUND, VLLM, PROXY, GPUS, CALM)
BAD_URL = deck(WRONG, FOUND, VLLM, PROXY, GPUS, CALM)
DIRECT = deck(config(WELL_SET.replace(":4000", ":8000")), replace(FOUND, found=FOUND.found[1:]), VLLM, GPUS, CALM)
EMPTY = Deck()


def codes(causes, standing=None):
    return [one.code for one in causes if standing is None or one.standing is standing]


@pytest.mark.parametrize("text", [text for message in MESSAGES for text in message.texts])
def test_every_known_text_is_known_for_what_it_is(text):
    names = [message.name for message in MESSAGES if text in message.texts]
    filled = text.replace("#", "7").replace("(X)", "(Qwen3.5-27B)").replace("'X'", "'Qwen3.5-27B'")
    assert names[0] in matched_messages(filled)


def test_every_rule_that_a_cause_names_has_a_page():
    of_errors = {code for error in ERRORS for code in (*error.codes, *(error.behind or ()))}
    of_messages = {code for message in MESSAGES for code in (*message.codes, *message.if_found)}
    of_symptoms = {code for symptom in SYMPTOMS for code in (*symptom.codes, *symptom.if_found)}
    assert {code for code in of_errors | of_messages | of_symptoms if page_of(code) is None} == set()


def test_what_no_rule_is_about_has_a_title_and_what_to_do():
    assert all(error.codes or (error.title and error.advice) for error in ERRORS)


@pytest.mark.parametrize(
    "text",
    [
        SELECTED,
        SELECTED[:60],
        f"  ⎿  {SELECTED[:50]}\n     {SELECTED[50:]}",
        f'claude said "{SELECTED}" again',
        SELECTED.replace("'", "’"),
        SELECTED.upper(),
        SELECTED.replace("selected", "slected").replace("exist", "exsit"),
        f"\x1b[31m{SELECTED}\x1b[0m",
        "issue with the selected model",
    ],
    ids=["whole", "cut", "in a box", "quoted", "curly", "upper case", "misspelt", "coloured", "from memory"],
)
def test_a_message_is_known_however_it_was_copied(text):
    assert matched_messages(text) == ("the server answered 404",)


@pytest.mark.parametrize(
    "text", ["", "   ", "the weather is nice", "fix the tests please", "\x1b[2J", "🙂" * 50, "404"], ids=repr
)
def test_other_text_is_not_known(text):
    assert matched_messages(text) == ()
    assert decode(text, HERE) == ()


@pytest.mark.parametrize(
    ("piece", "name"),
    [
        ("Not logged in", "the client has no token and sends nothing"),
        ("invalid SETTINGS file", "the client dropped a settings file"),
        ("econnrefused", "nothing answered"),
        ("retrying in 3s", "the client retries"),
        ("“Execution”…", "the response was not an answer"),
    ],
)
def test_a_piece_of_one_message_alone_is_that_message(piece, name):
    assert matched_messages(piece) == (name,)
    assert decode(piece, EMPTY)


@pytest.mark.parametrize("piece", ["dropped", "connection dropped", "malformed"])
def test_a_piece_of_several_messages_is_none_of_them_but_comes_near(piece):
    assert matched_messages(piece) == ()
    assert len(quoting(piece)) == 2
    assert near(piece)[:2] == tuple(quote.text for quote in quoting(piece))


def test_every_end_of_a_known_text_is_found_in_it_from_a_word_s_beginning_on():
    for message in MESSAGES:
        for text in message.texts:
            words = text.split()
            end = " ".join(words[len(words) // 2 :])
            assert message in [quote.message for quote in quoting(end)], end
    assert quoting("ogged in") == ()
    assert quoting("at") == ()
    assert quoting("(.*)") == ()


def test_an_unknown_text_names_the_nearest_messages():
    assert "Request timed out" in near("my request did time out")


def test_what_is_found_in_the_settings_comes_first_with_the_line_to_change():
    first = decode(SELECTED, BAD_URL)[0]
    assert (first.code, first.standing) == ("URL101", Standing.FOUND)
    assert "ANTHROPIC_BASE_URL" in first.evidence[0]
    assert "http://127.0.0.1:4000" in first.change


def test_what_was_looked_for_in_vain_comes_last_and_says_so():
    causes = decode(SELECTED, BAD_URL)
    assert [one.standing for one in causes] == sorted((one.standing for one in causes), key=list(Standing).index)
    assert "MODEL303" in codes(causes, Standing.UNLIKELY)


def test_without_anything_known_every_cause_is_possible_and_in_the_usual_order():
    causes = decode(SELECTED, EMPTY)
    assert {one.standing for one in causes} == {Standing.POSSIBLE}
    assert codes(causes)[:3] == ["URL101", "MODEL303", "MODEL304"]


def test_the_id_in_the_message_is_compared_with_what_is_served():
    causes = decode(SELECTED.replace("Qwen3.5-27B", "Qwen3.5-9B"), DIRECT)
    (found,) = [one for one in causes if one.code == "MODEL303"]
    assert found.standing is Standing.FOUND
    assert "Qwen3.5-9B" in found.evidence[0]
    assert "Qwen3.5-27B" in found.evidence[0]
    hosted = decode(SELECTED.replace("Qwen3.5-27B", "claude-opus-5-5"), DIRECT)
    assert codes(hosted, Standing.FOUND) == ["MODEL301"]


def test_a_proxy_s_causes_are_left_out_where_there_is_none():
    assert not [code for code in codes(decode(SELECTED, DIRECT)) if code.startswith("PROXY")]


@pytest.mark.parametrize(
    ("text", "direct", "proxied"),
    [
        ('API Error: 400 {"error":{"message":"No connected db.","type":"no_db_connection"}}', "AUTH204", "AUTH204"),
        ('Failed to authenticate. API Error: 401 {"error":"Unauthorized"}', "AUTH205", "AUTH205"),
        ('API Error: 404 {"type":"error","error":{"message":"The model `q` does not exist."}}', "MODEL303", "MODEL303"),
        ('API Error: 404 {"detail":"Not Found"}', "URL101", "PROXY804"),
        (
            "API Error: 400 {'error': 'anthropic_messages: Invalid model name passed in model=x'}",
            "MODEL301",
            "PROXY806",
        ),
        ("API Error: 500 EngineCore encountered an issue. See stack trace", "SERVER905", "SERVER905"),
        (
            "API Error: 400 max_completion_tokens=32000 cannot be greater than max_model_len=8192.",
            "CTX602",
            "CTX602",
        ),
        ("Prompt is too long · the provider said: This model's maximum context length is 32768", "CTX601", "CTX601"),
        ("API Error: 400 messages.1.role: Input should be 'user' or 'assistant'", "SERVER903", "PROXY807"),
        ("API Error: 400 context_management: Extra inputs are not permitted", "TRAFFIC403", "TRAFFIC403"),
        ("API Error: 429 No deployments available for selected model, Try again in 5 seconds", "PROXY808", "PROXY808"),
        ('API Error: 400 "auto" tool choice requires --enable-auto-tool-choice', "SERVER901", "SERVER901"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_server_s_own_words_decide(text, direct, proxied):
    assert codes(decode(text, DIRECT))[0] == direct
    assert codes(decode(text, HERE))[0] == proxied


def test_the_suffix_of_a_long_window_is_no_other_model():
    shown = "There's an issue with the selected model ({}). It may not exist or you may not have access to it."
    served = DIRECT.vllm.models[0].id
    causes = {one.code: one for one in decode(shown.format(f"{served}[1m]"), DIRECT)}
    assert causes["MODEL303"].standing is not Standing.FOUND
    assert codes(decode(shown.format("Qwen9-nope"), DIRECT))[0] == "MODEL303"


def test_a_server_that_is_down_is_found_behind_a_refused_connection():
    down = take(DIRECT, replace(VLLM, state=ServerState.DOWN, detail="connection refused", models=(), engine=None))
    causes = decode("API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)", EMPTY)
    assert codes(causes)[0] == "URL105"
    causes = decode("API Error: Connection error.", replace(down, settings=Deck().settings))
    assert (causes[0].code, causes[0].standing) == ("URL105", Standing.FOUND)


def test_only_retrying_is_explained_by_the_storm_that_goes_on():
    causes = decode("Retrying in 8 seconds… (attempt 5/10)", take(HERE, STORMY))
    assert causes[0].code == "SERVER905"
    assert "EngineCore encountered an issue" in " ".join(causes[0].evidence)


def test_a_hang_is_never_ruled_out_by_a_green_look():
    (hang,) = [one for one in decode("Request timed out", HERE) if one.code == "SERVER905"]
    assert hang.standing is Standing.POSSIBLE
    assert "canary" in hang.evidence[0]


def test_a_log_gives_its_path_its_time_and_the_request_s_id():
    record = (
        "14:01:28 - LiteLLM Proxy:ERROR: auth_exception_handler.py:211 - litellm.proxy.proxy_server."
        "user_api_key_auth(): Exception occured - litellm_call_id=0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11 - "
        "No connected db."
    )
    seen = traces({"/var/log/litellm.log": ["INFO: Started", record, "  File x, line 3"]})
    (trace,) = seen
    assert (trace.line, trace.id) == (2, "0b1f6e5e-6c3f-4a7e-9a52-1f2a0f3b9c11")
    first = decode("API Error: 400", HERE, seen)[0]
    assert (first.code, first.standing) == ("AUTH204", Standing.FOUND)
    assert "/var/log/litellm.log 14:01:28: No connected db, id 0b1f6e5e" in first.evidence[0]


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (SELECTED, "Qwen3.5-27B"),
        ("The model `a/b` does not exist.", "a/b"),
        ("Invalid model name passed in model=claude-haiku-4-5. Call", "claude-haiku-4-5"),
        ("issue with the selected model (X)", None),
        ("no id", None),
    ],
    ids=["selected", "quoted", "passed in", "placeholder", "none"],
)
def test_the_id_that_a_message_names(text, model):
    assert model_in(text) == model


def test_nothing_known_and_a_search_in_vain_is_no_failure():
    assert decode("API Error: Connection error.", deck(NOTHING))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_taken(text):
    for one in decode(text, HERE):
        assert one.code or one.change
    near(text)


def test_a_rule_that_does_not_speak_here_is_possible_and_not_ruled_out():
    causes = {one.code: one for one in decode("Not logged in · Please run /login", deck(config('{"model": "opus"}')))}
    assert causes["AUTH201"].standing is Standing.POSSIBLE
    assert "no server of your own is configured" in causes["AUTH201"].evidence[0]
    assert causes["FILE701"].standing is Standing.UNLIKELY
