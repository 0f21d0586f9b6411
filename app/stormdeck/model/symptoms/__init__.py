"""Explain failures: from an error message, a log record or a status to the hop, the rule and what to do."""
