"""Count the turns, attempts and retries of a Claude Code client, and find retry storms.

The package imports nothing else of stormdeck. Input: ``Request`` and ``ErrorText`` from a server's log, and ``Entry``
from the client's transcripts. Output: ``RetryAnalyzer.account()`` and ``RetryAnalyzer.storms()``.

A log line on its way from the file to a storm's row on the screen:

1. ``sources/logs/follow`` reads new lines in a thread; ``feed/logs`` passes them to the meter as a ``LogBatch``.
2. ``traffic/meter`` asks ``nearest_log`` whether the log counts: only the log of the first hop does, since the server
   behind a proxy logs the same requests again. After a change of the path it calls ``RetryAnalyzer.recount``.
3. ``traffic/log_analyzer`` parses the lines into main requests and errors for ``RetryAnalyzer.take_events``.
4. ``tracker`` finds the turn that a request continues (``matching``, ``scoring``, ``backoff``), as a ``chain``.
5. ``sessions`` rebuilds the client's own turns from the entries that ``transcript`` parses.
6. At a snapshot ``rolling_account`` calls ``reconcile``, which counts each attempt once: ``line_assignment`` finds the
   lines of attempts that the client recorded, ``pairing`` the ends of other turns, ``fallback`` cut streams that were
   sent again, ``estimate`` covers missing lines.
7. ``odds/judge`` judges how sure each chain is, by the traffic around it (``odds/density``).
8. ``storms/from_chain`` and ``counted_turn`` make a ``Storm`` of each turn with three attempts or more.
9. ``feed/feed`` puts the meter's ``TrafficSnapshot`` into the deck, and ``ui/widgets/overview/storms`` draws the row.
"""
