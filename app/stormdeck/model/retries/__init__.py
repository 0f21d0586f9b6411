"""Count the turns, attempts and retries of a Claude Code client, and find retry storms.

The package imports nothing else of stormdeck. Input: ``Request`` and ``ErrorText`` from a server's log, and ``Entry``
from the client's transcripts. Output: ``RetryAnalyzer.account()`` and ``RetryAnalyzer.storms()``.

A log line on its way from the file to a storm's row on the screen:

1. ``sources/logs/follow`` reads new lines in a thread; ``feed/logs`` passes them to the event loop as a ``LogBatch``.
2. ``traffic/meter`` asks ``nearest_log`` whether the log counts: a proxy's requests show up again in the log of the
   server behind it, so only the log of the first hop counts. If the path turns out to have changed earlier,
   ``RetryAnalyzer.recount`` replaces the requests since then.
3. ``traffic/log_analyzer`` parses the lines into main requests and errors, and calls ``RetryAnalyzer.take_events``.
4. ``tracker`` finds the turn that a request continues: ``matching`` selects the turns that wait for an attempt,
   ``scoring`` compares the gap, status and connection with the client's ``backoff``, ``chain`` keeps the attempts.
5. ``transcript`` parses what the client writes down, and ``sessions`` rebuilds its turns.
6. For a snapshot, ``rolling_account`` calls ``reconcile``, which counts each attempt once: ``line_assignment`` finds
   the lines of attempts that the client counted, a tracker joins the other lines, ``pairing`` adds how a turn ended,
   ``counted_turn`` and ``estimate`` cover attempts without a line. Older turns are compacted, so memory is bounded.
7. ``storms/from_chain`` and ``counted_turn`` make a ``Storm`` of each turn with three attempts or more;
   ``storms/next_attempt`` predicts the next attempt, ``storms/identity`` recognises a storm after a restart.
8. ``traffic/meter`` puts the storms into a ``TrafficSnapshot``; ``feed`` hands it to the app, which draws the rows.
"""
