"""The log book keeps the newest lines, however they are batched."""

from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.logs.book import LogBook


def test_empty_book_has_no_line():
    book = LogBook()
    assert len(book) == 0
    assert book.line(0) is None
    assert list(book.texts(0)) == []


def test_line_gives_its_log_arrival_and_attempt():
    book = LogBook()
    book.add("old.log", ["a"], None)
    book.add("new.log", ["b", "c"], 5.0, {1: 4})
    assert (book.line(0).log, book.line(0).arrived, book.line(0).attempt) == ("old.log", None, 0)
    assert (book.line(2).text, book.line(2).log, book.line(2).arrived, book.line(2).attempt) == ("c", "new.log", 5.0, 4)


def test_a_label_may_come_late_and_may_change():
    book = LogBook(limit=3)
    book.add("log", ["a", "b", "c"], 5.0, {1: 2})
    book.label({1: 1, 2: 2})
    assert [book.line(number).attempt for number in range(3)] == [0, 1, 2]
    book.add("log", ["d", "e"], 6.0)
    book.label({0: 1, 1: 4, 3: 1, 4: 1})
    assert book.attempts() == [2, 3, 4]


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(1, 20), st.integers(0, 60))
def test_book_is_the_tail_of_all_lines(sizes, limit, begin):
    book, every = LogBook(limit), []
    for size in sizes:
        batch = [str(len(every) + index) for index in range(size)]
        every += batch
        book.add("log", batch, 0.0)
    kept = every[-limit:]
    assert len(book) == len(kept)
    assert [book.line(number).text for number in range(book.start, book.end)] == kept
    assert book.line(book.start - 1) is None
    assert book.line(book.end) is None
    assert list(book.texts(begin)) == [(int(text), text) for text in kept if int(text) >= begin]
