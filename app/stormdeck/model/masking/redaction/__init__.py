"""Redact bug reports (bundles): secrets, users, hosts, paths and ids become stand-ins, log lines are rebuilt.

``redactor`` replaces in any text what ``identities`` and the configured secrets name. ``snapshots`` redacts settings
and snapshots by their structure. ``log_lines`` keeps only those parts of a log line that ``public_names`` and the log
readers know.
"""
