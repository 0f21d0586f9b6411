"""Examples and notes below the ``--help`` of each command."""

from __future__ import annotations

from stormdeck.commands.text_layout import wrap

WIDTH = 79
"""Columns of the help, for a terminal of 80."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "panel": (
        ("stormdeck", "watch the servers of this machine"),
        ("stormdeck demo", "try it without a server or a GPU"),
        ("stormdeck --vllm http://10.0.0.5:8000", "name the server"),
        ("stormdeck --log vllm.log --log litellm.log", "follow these logs"),
        ("stormdeck --readonly", "only look: no key writes a file"),
        ("stormdeck check --fix", "find what is wrong, fix it"),
        ("stormdeck explain URL101", "explain a finding"),
        ("stormdeck status --format tmux", "one line for tmux"),
        ("stormdeck analyze vllm.log", "find storms in a log"),
    ),
    "demo": (
        ("stormdeck demo", "storms and outages happen automatically"),
        ("stormdeck demo --theme light", "with another theme"),
        ("stormdeck demo --ascii", "for a terminal without Unicode"),
    ),
    "status": (
        ("stormdeck status", "which hop is broken"),
        ("stormdeck status --json", "for a script"),
        ("stormdeck status --format tmux", "one line for tmux"),
        ("stormdeck status --format statusline", "one line for Claude Code"),
        ("stormdeck status --json --fresh", "always ask the servers"),
    ),
    "check": (
        ("stormdeck check", "check settings and servers"),
        ("stormdeck check --offline --json", "in CI: only the settings"),
        ("stormdeck check --fix", "show the safe fixes, ask, write"),
        ("stormdeck check --only URL,FILE708", "only these rules"),
        ("stormdeck check --skip TRAFFIC", "all rules but these"),
        ("stormdeck check --canary", "also send small requests"),
        ("stormdeck check --canary=long", "and a prompt near the window"),
    ),
    "set": (
        ("stormdeck set model sonnet", "in the user's settings"),
        ("stormdeck set ANTHROPIC_BASE_URL http://gpu-box:8000", "a variable in env"),
        ("stormdeck set model sonnet --scope local", "in settings.local.json"),
        ("stormdeck set model sonnet --dry-run", "only show the diff"),
    ),
    "unset": (
        ("stormdeck unset model", "in the user's settings"),
        ("stormdeck unset ANTHROPIC_API_KEY --scope local", "in settings.local.json"),
    ),
    "use": (
        ("stormdeck use --save own", "save the present values"),
        ("stormdeck use hosted", "back to the hosted API"),
        ("stormdeck use own", "to your own server again"),
        ("stormdeck use own --dry-run", "only show the diff"),
        ("stormdeck use --list", "which one is in force"),
    ),
    "explain": (
        ("stormdeck explain URL101", "explain a finding"),
        ('stormdeck explain "Not logged in"', "find the cause of a message"),
        ("stormdeck explain FILE", "the rules of a family"),
    ),
    "analyze": (
        ("stormdeck analyze vllm.log", "one log"),
        ("stormdeck analyze proxy.log --json", "for a script"),
        ("journalctl -u vllm -o cat | stormdeck analyze -", "standard input"),
        ("stormdeck analyze vllm.log --transcripts ~/.claude/projects", "with transcripts"),
    ),
    "timeline": (
        ("stormdeck timeline", "everything that is kept"),
        ("stormdeck timeline --since 2h", "the last two hours"),
        ("stormdeck timeline --since 09:00 --until 12:00", "this morning"),
        ("stormdeck timeline --since 1d --json", "for a script"),
    ),
    "usage": (
        ("stormdeck usage", "today and the six days before"),
        ("stormdeck usage --since 30d", "thirty days"),
        ("stormdeck usage --since 00:00 --json", "today, for a script"),
    ),
    "watch": (
        ("stormdeck watch", "follow the logs that are found"),
        ("stormdeck watch vllm.log --json", "one JSON event per line"),
        ("stormdeck watch docker:litellm", "the log of a container"),
        ("stormdeck watch --record today.jsonl", "also record the lines"),
    ),
    "run": (
        ("stormdeck run -- claude", "a session, recorded"),
        ('stormdeck run -- claude -p "hi"', "one prompt"),
        ("stormdeck run --to http://gpu-box:8000 -- claude", "name the server"),
    ),
    "tap": (
        ("stormdeck tap", "between all clients and your base URL"),
        ("stormdeck tap --listen 0.0.0.0:8484", "for other machines, too"),
        ("stormdeck tap --json", "a line of JSON for each request"),
    ),
    "export": (
        ("stormdeck export", "metrics, on port 9464"),
        ("stormdeck export --listen 0.0.0.0:9464", "for a Prometheus elsewhere"),
        ("stormdeck export rules > rules.yml", "alerting rules"),
        ("stormdeck export dashboard > stormdeck.json", "a Grafana dashboard"),
    ),
    "bundle": (
        ("stormdeck bundle", "list the files, ask, write"),
        ("stormdeck bundle --out report --yes", "choose the folder, do not ask"),
    ),
    "replay": (
        ("stormdeck replay today.jsonl", "a recording of watch --record"),
        ("stormdeck replay today.jsonl --speed 10", "ten times as fast"),
    ),
    "config": (
        ("stormdeck config init", "create an options file to edit"),
        ("stormdeck config print", "every option and its origin"),
    ),
    "config path": (("stormdeck config path", "~/.config/stormdeck/config.yaml"),),
    "config validate": (("stormdeck config validate", "check the options file"),),
    "config print": (
        ("stormdeck config print", "every option and its origin"),
        ("stormdeck config print --json", "for a script"),
    ),
    "config init": (("stormdeck config init", "an existing file is not changed"),),
    "completion": (
        ("d=~/.local/share/bash-completion/completions; mkdir -p $d", ""),
        ("stormdeck completion bash > $d/stormdeck", ""),
        ("stormdeck completion zsh > ~/.zfunc/_stormdeck", ""),
        ("stormdeck completion fish > ~/.config/fish/completions/stormdeck.fish", ""),
    ),
}


def tail(command: str, *notes: str) -> str:
    """Return the text below a command's options. Indented paragraphs of a note are not wrapped."""
    examples = EXAMPLES.get(command, ())
    column = max((len(line) for line, _ in examples), default=0)
    rows = [f"  {line.ljust(column)}  {words}".rstrip() for line, words in examples]
    parts = ["\n".join(["examples:", *rows])] if rows else []
    parts += [_wrapped(part) for note in notes for part in note.strip().split("\n\n") if part]
    return "\n\n".join(parts)


def _wrapped(paragraph: str) -> str:
    is_indented = any(line.startswith(" ") for line in paragraph.split("\n"))
    return paragraph if is_indented else "\n".join(wrap(paragraph, WIDTH))
