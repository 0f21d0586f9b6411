"""What happened, in words: events from successive decks, their identity, their sentences and their order."""
