"""What the tests of origins share: settings with a token, a YAML with a master key, a panel with its real sources."""

import json

from stormdeck.feed.feed import Feed
from stormdeck.model.logs.book import LogBook
from stormdeck.options import load
from stormdeck.paths import user_paths
from stormdeck.ui.app import StormdeckApp

TOKEN = "sk-users-token-1"
MASTER = "sk-the-master-key"
YAML = "model_list:\n  - model_name: m\n    litellm_params:\n      model: hosted_vllm/m\n      api_base: {base}\n"
WORKING = {
    **{f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Qwen3.5-27B" for tier in ("OPUS", "SONNET", "HAIKU")},
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072",
}
"""Settings without which something else would be reported first."""


def write(file, **env):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"model": "sonnet", "env": WORKING | env}))


def yaml(home, base):
    file = home.folder / "litellm.yaml"
    file.write_text(YAML.format(base=base) + f"general_settings:\n  master_key: {MASTER}\n")
    return str(file)


def make_panel(home, **flags):
    """Return the panel with its real sources."""
    given = {"gpu": ["off"], "poll": ["1"]} | {name: [value] for name, value in flags.items()}
    paths, book = user_paths({}, home.folder, home.project), LogBook()
    app = StormdeckApp(home.folder, book=book)
    app.feed = Feed(load(given, {}).options, paths, {}, book, app.deliver, app.notify_lines)
    return app
