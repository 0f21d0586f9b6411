"""State what is wrong on the request path, the most useful statement first.

Each module yields ``Statement`` objects about one subject; ``ranking`` orders them, and the first one is the verdict::

    from stormdeck.model.verdict.ranking import verdict

    print(verdict(deck, time.time(), clock).headline)
"""
