"""Which options name the stack that is looked at, and what they say."""

from __future__ import annotations

from stormdeck.options.declared import Options, OriginKind

NAMING = ("vllm", "proxy", "log", "litellm_config", "settings", "client_version")


def named(options: Options) -> dict[str, object]:
    """Return the options that name the stack, as JSON has them; those that are not given are left out."""
    given = {name: getattr(options, name) for name in NAMING}
    return {
        name: [str(item) for item in value] if isinstance(value, tuple) else str(value)
        for name, value in given.items()
        if value
    }


def own_servers(options: Options) -> tuple[str, ...]:
    """Return what the user named as own: the URLs of servers, and the path of the proxy's YAML."""
    return tuple(str(one) for one in (options.vllm, options.proxy, options.litellm_config) if one)


def only_by_file(options: Options) -> bool:
    """Say whether the options file alone names the stack, no flag and no variable."""
    return all(options.origin(name).kind is OriginKind.FILE for name in named(options))
