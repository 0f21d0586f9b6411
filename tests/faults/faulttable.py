"""The table of faults: its file and the format of a row."""

import re
from pathlib import Path

TABLE = Path(__file__).with_name("TABLE.md")
HEAD = ["| fault | what the panel says | what is lost | result |", "|---|---|---|---|"]


def row_of(fault, words, lost, after, folder):
    """Return a row, without what differs from run to run."""
    words = words.replace("\N{NO-BREAK SPACE}", " ").replace(str(folder), "~").replace("|", "\\|")
    words = re.sub(r"(port |:)\d{4,5}\b", r"\g<1>8000", words)
    return f"| {fault} | {words} | {lost} | {after} |"
