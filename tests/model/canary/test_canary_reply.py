"""Events from bytes: the same however the bytes are cut, and bounded."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from canary_samples import recorded
from stormdeck.model.canary.reply import Event, EventReader, Reply

PIECES = st.lists(
    st.sampled_from(
        [
            b"event: message_start",
            b"data: {}",
            b'data: {"type":"content_block_delta","delta":{"text":"\xc3\xa9"}}',
            b"data:",
            b": a comment",
            b"id: 7",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\0",
        ]
    ),
    max_size=24,
).map(b"".join)


def read(*chunks, **limits):
    reader = EventReader(**limits)
    return [event for chunk in chunks for event in reader.feed(chunk)], reader.overflow


@settings(max_examples=60, deadline=None)
@given(PIECES | st.binary(max_size=60), st.data())
def test_events_are_the_same_however_the_stream_is_cut(stream, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*chunks) == read(stream) == read(*(bytes([byte]) for byte in stream))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5), max_size=3))
def test_no_event_can_break_a_reply(parts):
    reply = Reply()
    for kind in ("message_start", "content_block_start", "content_block_delta", "message_delta", "error", "odd"):
        for part in parts:
            body = {"type": kind, **dict.fromkeys(("message", "content_block", "delta", "usage", "error"), part)}
            reply.add(Event(kind, json.dumps(body)), 1)
    assert reply.text == ""


def test_the_recorded_stream_of_vllm_is_a_whole_reply():
    events, overflow = read(recorded("msg_05_stream")[2])
    reply = Reply()
    for event in events:
        reply.add(event, 0.0)
    assert (len(events), overflow) == (12, "")
    assert (reply.started, reply.stopped, reply.stop_reason) == (True, True, "end_turn")
    assert reply.text == "hell) fhell\x1f\x1d la"
    assert (reply.input_tokens, reply.output_tokens) == (18, 10)


def test_all_line_ends_and_many_data_lines():
    assert read(b"event: a\rdata: 1\r\ndata: 2\n\r\n")[0] == [Event("a", "1\n2")]


def test_what_has_no_blank_line_after_it_is_no_event():
    assert read(b"data: {}\n") == ([], "")


def test_wrong_utf8_is_replaced():
    assert read(b"data: \xff\xfe!\n\n")[0] == [Event("", "\ufffd\ufffd!")]


def test_a_stream_without_end_is_given_up():
    reader, taken = EventReader(most_bytes=10_000), 0
    while not reader.overflow:
        reader.feed(b"data: {}\n\n" * 10)
        taken += 100
        assert taken < 20_000
    assert reader.feed(b"data: {}\n\n") == []
    assert "more than" in reader.overflow


def test_a_line_without_end_is_given_up():
    assert read(b"data: " + b"x" * 300, b"x" * 300, most_line=500) == ([], "a line of more than 0 KiB")


def test_deep_nesting_and_things_that_are_no_objects_are_counted_as_strange():
    reply = Reply()
    for data in ("[" * 100_000, "7", '"x"', "nonsense", ""):
        reply.add(Event("content_block_delta", data), 0.0)
    reply.add(Event("", "[DONE]"), 0.0)
    assert (reply.not_json, reply.blocks) == (5, [])
