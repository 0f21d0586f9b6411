"""The log book with folded tracebacks: rows, lines, and the mapping between them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.tracebacks import Folds

TRACE = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    g()", "ValueError: no"]
ONE = ["INFO:     begun", *TRACE, "INFO:     done"]


def folded(*batches, limit=200_000):
    """Return a book with batches of (log, lines), and its folds, caught up after each of them."""
    book = LogBook(limit)
    folds = Folds(book)
    for log, lines in batches:
        book.add(log, lines, 1.0)
        folds.catch_up()
    return book, folds


def rows(book, folds):
    return [folds.at(row) for row in range(folds.count(book.end))]


def test_a_traceback_is_one_row_that_knows_what_it_says():
    book, folds = folded(("a", ONE))
    assert rows(book, folds) == [0, 1, 5]
    fold = folds.fold(1)
    assert (fold.head, fold.says, fold.size) == (1, 4, 3)
    assert [folds.fold(number) for number in (0, 5)] == [None, None]
    assert [folds.row(number) for number in range(6)] == [0, 1, 1, 1, 1, 2]


def test_an_open_one_shows_its_lines_and_can_be_folded_again():
    book, folds = folded(("a", ONE * 2))
    fold = folds.fold(3)
    folds.toggle(fold)
    assert rows(book, folds) == [0, 1, 2, 3, 4, 5, 6, 7, 11]
    assert [folds.hides(number) for number in (2, 8)] == [False, True]
    folds.toggle(fold)
    assert rows(book, folds) == [0, 1, 5, 6, 7, 11]


def test_one_that_is_still_being_written_folds_as_it_grows():
    book, folds = folded(("a", ONE[:3]))
    assert rows(book, folds) == [0, 1]
    book.add("a", ONE[3:], 2.0)
    folds.catch_up()
    assert rows(book, folds) == [0, 1, 5]
    assert (folds.fold(1).says, folds.fold(1).size) == (4, 3)


def test_an_open_one_that_grows_stays_open():
    book, folds = folded(("a", ONE[:3]))
    folds.toggle(folds.fold(1))
    book.add("a", ONE[3:], 2.0)
    folds.catch_up()
    assert rows(book, folds) == list(range(6))


def test_lines_of_other_logs_between_those_of_one_stay_rows():
    book, folds = folded(("a", ONE[:3]), ("b", ONE), ("a", ONE[3:]))
    assert rows(book, folds) == [0, 1, 3, 4, 8, 11]
    first, second = folds.fold(2), folds.fold(5)
    assert (folds.inner(first), folds.inner(second)) == ([2, 9, 10], [5, 6, 7])
    folds.toggle(first)
    assert rows(book, folds) == [0, 1, 2, 3, 4, 8, 9, 10, 11]


def test_rows_that_leave_the_ring_are_counted():
    book, folds = folded(("a", ONE * 3), limit=18)
    book.add("a", ["x"] * 6, 2.0)
    assert folds.catch_up() == 3
    assert rows(book, folds) == [6, 7, 11, 12, 13, 17, *range(18, 24)]


def test_the_rest_of_one_that_lost_its_first_line_is_hidden_until_it_is_asked_for():
    book, folds = folded(("a", ONE), ("a", ["x"] * 10), limit=13)
    assert book.start == 3
    assert rows(book, folds)[:2] == [5, 6]
    folds.toggle(folds.fold(4))
    assert rows(book, folds)[:3] == [3, 4, 5]


def test_a_book_that_ran_on_unseen_is_folded_all_the_same():
    book, folds = folded(("a", ONE[:3]), limit=12)
    for _ in range(5):
        book.add("a", ONE, 2.0)
    folds.catch_up()
    assert rows(book, folds) == [book.start + at for at in (0, 1, 5, 6, 7, 11)]


def test_a_traceback_that_left_the_ring_and_then_grew_can_be_opened():
    book, folds = folded(("a", TRACE[:2]), ("b", ["x"] * 12), ("a", TRACE[:1]), limit=12)
    grown = folds.fold(book.end - 1)
    assert grown is not None
    folds.toggle(grown)
    assert rows(book, folds) == list(range(book.start, book.end))


PIECES = st.lists(st.tuples(st.sampled_from("ab"), st.lists(st.sampled_from(ONE), min_size=1, max_size=12)), max_size=8)


@settings(max_examples=60)
@given(batches=PIECES, limit=st.integers(1, 40), opened=st.lists(st.integers(0, 90), max_size=4))
def test_rows_and_lines_lead_to_each_other(batches, limit, opened):
    book, folds = folded(*batches, limit=limit)
    for number in opened:
        if (fold := folds.fold(number)) is not None:
            folds.toggle(fold)
    shown = rows(book, folds)
    assert shown == [number for number in range(book.start, book.end) if not folds.hides(number)]
    assert [folds.row(number) for number in shown] == list(range(len(shown)))
    assert folds.at(len(shown)) is None
    assert folds.at(-1) is None


@settings(max_examples=40)
@given(batches=PIECES, limit=st.integers(1, 40))
def test_what_is_said_to_be_gone_is_what_is_missing(batches, limit):
    book, folds = folded(limit=limit)
    for log, lines in batches:
        before = rows(book, folds)
        book.add(log, lines, 1.0)
        gone = folds.catch_up()
        assert min(gone, len(before)) == sum(number < book.start for number in before)


def test_blank_lines_are_hidden_but_for_those_of_an_open_traceback():
    lines = [
        "INFO:     begun",
        "",
        "  \t",
        "(APIServer pid=1) ",
        "litellm-1  | ",
        *TRACE[:3],
        "",
        TRACE[3],
        "INFO:     done",
    ]
    book, folds = folded(("a", lines))
    assert rows(book, folds) == [0, 5, 10]
    folds.toggle(folds.fold(5))
    assert rows(book, folds) == [0, 5, 6, 7, 8, 9, 10]
    folds.toggle(folds.fold(5))
    assert [folds.row(number) for number in (0, 1, 4, 5)] == [0, 1, 1, 1]


@settings(max_examples=60)
@given(
    lines=st.lists(st.sampled_from(["", "x", "   ", *TRACE, 'INFO: 1.1.1.1:5 - "GET /health HTTP/1.1" 200 OK'])),
    cut=st.integers(0, 40),
)
def test_hidden_lines_are_counted_once_however_the_log_is_cut(lines, cut):
    book, folds = folded(("a", lines[:cut]), ("a", lines[cut:]))
    shown = rows(book, folds)
    assert shown == sorted(set(shown))
    assert all(book.line(number).text.strip() for number in shown)
    folds.show_probes(True)
    folds.show_probes(False)
    assert rows(book, folds) == shown
