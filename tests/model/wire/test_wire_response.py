"""What the recorder reads of an answer as it passes, in pieces of any size."""

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.wire.response import ResponseReader

STREAM = "text/event-stream; charset=utf-8"
EVENTS = (
    {
        "type": "message_start",
        "message": {"usage": {"input_tokens": 12, "cache_read_input_tokens": 5, "output_tokens": 1}},
    },
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "It"}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": ' rains "message_stop"'}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
)


def sse(events):
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events).encode()


def read(body, content_type=STREAM, encoding="", size=None):
    reader = ResponseReader(content_type, encoding)
    for start in range(0, len(body), size or max(1, len(body))):
        reader.feed(body[start : start + (size or len(body))])
    reader.finish()
    return reader


@pytest.mark.parametrize("size", [1, 2, 7, 64, None])
@pytest.mark.parametrize("packed", ["", "gzip", "deflate"])
def test_a_stream_says_tokens_and_why_it_stopped(size, packed):
    pack: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    body = pack[packed](sse(EVENTS))
    reader = read(body, encoding=packed, size=size)
    seen = (reader.input_tokens, reader.cached_tokens, reader.output_tokens, reader.deltas, reader.stop_reason)
    assert seen == (12, 5, 7, 2, "end_turn")
    assert reader.is_complete
    assert not reader.error_type


def test_a_stream_without_its_last_event_is_not_complete():
    assert not read(sse(EVENTS[:-1])).is_complete


def test_a_stream_that_carries_an_error_says_its_type():
    assert (
        read(sse([EVENTS[0], {"type": "error", "error": {"type": "overloaded_error"}}])).error_type
        == "overloaded_error"
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "error", "error": {"type": "not_found_error", "message": "x"}}, "not_found_error"),
        ({"error": {"message": "no type"}}, "error"),
        ({"error": "plain"}, "error"),
        ({"detail": "Not Found"}, ""),
    ],
)
def test_an_error_in_one_piece_says_its_type(body, error):
    assert read(json.dumps(body).encode(), "application/json").error_type == error


def test_an_answer_in_one_piece_says_tokens():
    body = {"usage": {"input_tokens": 3, "output_tokens": 4}, "stop_reason": "tool_use", "content": []}
    reader = read(json.dumps(body).encode(), "application/json")
    assert (reader.input_tokens, reader.output_tokens, reader.stop_reason, reader.is_complete) == (
        3,
        4,
        "tool_use",
        True,
    )


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_what_cannot_be_unpacked_says_nothing_and_is_taken_for_complete(encoding):
    reader = read(b"\x1f\x00\x01", encoding=encoding)
    assert reader.is_complete
    assert reader.output_tokens is None


def test_memory_is_bounded():
    reader = ResponseReader(STREAM)
    for _ in range(100):
        reader.feed(b"x" * 65536)
    assert len(reader._rest) <= 65536
    reader.feed(b"\n" + sse(EVENTS))
    assert reader.is_complete
    whole = ResponseReader("application/json")
    for _ in range(200):
        whole.feed(b"x" * 65536)
    assert not whole._rest
    bomb = ResponseReader("application/json", "gzip")
    bomb.feed(gzip.compress(b"0" * 50_000_000))
    assert not bomb._rest or len(bomb._rest) <= 4 * 1024 * 1024


@given(
    st.lists(st.binary(max_size=80)),
    st.sampled_from([STREAM, "application/json", ""]),
    st.sampled_from(["", "gzip", "br"]),
)
def test_no_bytes_raise(pieces, content_type, encoding):
    reader = ResponseReader(content_type, encoding)
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    assert reader.deltas >= 0
