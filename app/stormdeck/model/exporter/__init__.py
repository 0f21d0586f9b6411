"""Turn decks into totals and figures that a metrics server can collect."""
