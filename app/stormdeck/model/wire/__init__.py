"""What a recorder between Claude Code and its server sees: requests, attempts and outcomes, but no prompt or answer.

1. ``request.py`` reads a request: its session, kind, model and a key that is equal for all attempts of a turn.
2. ``response.py`` reads an answer as it passes: tokens, stop reason, error type, and whether it was complete.
3. ``exchange.py`` joins both to one ``Exchange``, the line of JSON that is kept.
4. ``attempts.py`` numbers attempts: the same key again after an answer that was not delivered whole.
5. ``account.py`` counts requests, turns, retries and storms of many exchanges.

The rule is that of docs/facts/claude-code.md, "Exact passive rule" (measured, Claude Code 2.1.42 to 2.1.332).
"""
