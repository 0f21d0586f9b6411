"""Find the commands in a document."""

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePath

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BACKTICKS = re.compile(r"(?<!`)`((?:stormdeck|make) [^`\n]+)`(?!`)")
OURS = "stormdeck"
_SEPARATORS = {";", "|", "||", "&&", "&"}


@dataclass(frozen=True, init=False)
class Command:
    """One program with its arguments, without redirections."""

    words: tuple

    def __init__(self, words):
        object.__setattr__(self, "words", (PurePath(words[0]).name, *words[1:]))

    @property
    def program(self):
        """Return the name of the program."""
        return self.words[0]


def blocks(text):
    """Return the kind and the body of each fenced block."""
    return _BLOCK.findall(text)


def commands_in(script):
    """Return the commands of a script for the shell, without its assignments."""
    joined = script.replace("\\\n", " ")
    return [command for line in joined.splitlines() for command in _commands(line)]


def in_backticks(text):
    """Return what is named in running text: `stormdeck check`, `make demo`."""
    return [command for words in _BACKTICKS.findall(_BLOCK.sub("", text)) for command in _commands(words)]


def _commands(line):
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, found = [], []
    for word in [*lexer, ";"]:
        if word not in _SEPARATORS:
            words.append(word)
            continue
        if kept := _typed(words):
            found.append(Command(kept))
            if OURS in kept[1:]:  # handed to ssh or tmux
                found.append(Command(kept[kept.index(OURS) :]))
        words = []
    return found


def _typed(words):
    """Return the words of a command without leading assignments and without redirections."""
    kept = []
    rest = iter(words)
    for word in rest:
        if re.fullmatch(r">>?|<|>&|>>?&", word):
            next(rest, None)
            if kept and kept[-1] in {"1", "2"}:
                kept.pop()
        elif kept or not re.fullmatch(r"[a-z_]\w*=.*", word):
            kept.append(word)
    return kept
