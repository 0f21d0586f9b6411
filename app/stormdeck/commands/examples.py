"""What stands under each command's ``--help``: examples that can be typed as they are, and notes."""

from __future__ import annotations

from stormdeck.commands.text_layout import wrap

WIDTH = 79
"""Columns; nothing is wrapped by the terminal where it has 80."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "panel": (
        ("stormdeck", "look at this machine"),
        ("stormdeck demo", "with no server and no GPU"),
        ("stormdeck --vllm http://10.0.0.5:8000", "name the server"),
        ("stormdeck --log vllm.log --log litellm.log", "follow these logs"),
        ("stormdeck --readonly", "look only: no key writes a file"),
        ("stormdeck check --fix", "find what is wrong, mend it"),
        ("stormdeck explain URL101", "what a finding means"),
        ("stormdeck status --format tmux", "one line for tmux"),
        ("stormdeck analyze vllm.log", "find storms afterwards"),
    ),
    "demo": (
        ("stormdeck demo", "storms and outages come by themselves"),
        ("stormdeck demo --theme light", "in other colours"),
        ("stormdeck demo --ascii", "for a terminal without Unicode"),
    ),
    "status": (
        ("stormdeck status", "the path, and what is the matter"),
        ("stormdeck status --json", "the same for a script"),
        ("stormdeck status --format tmux", "one line for tmux"),
        ("stormdeck status --format statusline", "one line for Claude Code"),
        ("stormdeck status --json --fresh", "never from a running panel"),
    ),
    "check": (
        ("stormdeck check", "ask the servers too"),
        ("stormdeck check --offline --json", "in CI: the settings alone"),
        ("stormdeck check --fix", "show the safe fixes, ask, write"),
        ("stormdeck check --only URL,FILE708", "some rules and no others"),
        ("stormdeck check --skip TRAFFIC", "all but some"),
        ("stormdeck check --canary", "prove it with a few tiny requests"),
    ),
    "set": (
        ("stormdeck set model sonnet", "in the user's settings"),
        ("stormdeck set ANTHROPIC_BASE_URL http://gpu-box:8000", "in its env"),
        ("stormdeck set model sonnet --scope local", "in the project's own"),
        ("stormdeck set model sonnet --dry-run", "only show the diff"),
    ),
    "unset": (
        ("stormdeck unset model", "in the user's settings"),
        ("stormdeck unset ANTHROPIC_API_KEY --scope local", "in the project's own"),
    ),
    "explain": (
        ("stormdeck explain URL101", "what a finding means"),
        ('stormdeck explain "Not logged in"', "what is behind a message"),
        ("stormdeck explain FILE", "the rules of a family"),
    ),
    "analyze": (
        ("stormdeck analyze vllm.log", "one log"),
        ("stormdeck analyze proxy.log --json", "for a script"),
        ("journalctl -u vllm -o cat | stormdeck analyze -", "standard input"),
        ("stormdeck analyze vllm.log --transcripts ~/.claude/projects", "know turns"),
    ),
    "watch": (
        ("stormdeck watch", "the logs that are found"),
        ("stormdeck watch vllm.log --json", "one JSON event a line"),
        ("stormdeck watch --record today.jsonl", "keep the lines too"),
    ),
    "bundle": (
        ("stormdeck bundle", "list it, ask, write it"),
        ("stormdeck bundle --out report --yes", "where, and without asking"),
    ),
    "replay": (
        ("stormdeck replay today.jsonl", "what watch --record kept"),
        ("stormdeck replay today.jsonl --speed 10", "ten times as fast"),
    ),
    "config": (
        ("stormdeck config init", "write an options file to edit"),
        ("stormdeck config print", "every option, and where it comes from"),
    ),
    "config path": (("stormdeck config path", "~/.config/stormdeck/config.yaml"),),
    "config validate": (("stormdeck config validate", "before a file is shared"),),
    "config print": (
        ("stormdeck config print", "every option, and where it comes from"),
        ("stormdeck config print --json", "for a script"),
    ),
    "config init": (("stormdeck config init", "a file that is there is left alone"),),
    "completion": (
        ("d=~/.local/share/bash-completion/completions; mkdir -p $d", ""),
        ("stormdeck completion bash > $d/stormdeck", ""),
        ("stormdeck completion zsh > ~/.zfunc/_stormdeck", ""),
        ("stormdeck completion fish > ~/.config/fish/completions/stormdeck.fish", ""),
    ),
}


def tail(command: str, *notes: str) -> str:
    """Return what stands under a command's options; paragraphs of a note that are indented stay as they are."""
    examples = EXAMPLES.get(command, ())
    column = max((len(line) for line, _ in examples), default=0)
    rows = [f"  {line.ljust(column)}  {words}".rstrip() for line, words in examples]
    parts = ["\n".join(["examples:", *rows])] if rows else []
    parts += [_wrapped(part) for note in notes for part in note.strip().split("\n\n") if part]
    return "\n\n".join(parts)


def _wrapped(paragraph: str) -> str:
    is_indented = any(line.startswith(" ") for line in paragraph.split("\n"))
    return paragraph if is_indented else "\n".join(wrap(paragraph, WIDTH))
