"""Run the data sources and deliver their snapshots to the panel.

How a log line reaches the screen::

    sources/logs: Follower (a thread) reads lines
    feed/logs: LogFeed takes them in the event loop, in chunks
        model/traffic: TrafficMeter counts requests and finds retries
        model/logs: LogBook keeps the lines for the log views
    feed/feed: Feed takes a TrafficSnapshot once a second, or sooner if requests arrive
    feed/storms: StormFeed adds the storms of earlier runs
    ui: the app receives the snapshot, feed/reducer applies it to the Deck
        model/verdict states what is wrong, and the screens redraw
"""
