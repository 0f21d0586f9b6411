"""Mask secrets: everything that is drawn, printed, copied or stored goes through this package.

Four levels, each with what it promises:

1. Text (``lines.mask_text``): for log lines, messages and any other text. Masks a value after a name that means a
   secret (``names``), a known form of key (``shapes``), a login in a URL, and passwords passed to programs
   (``programs``). A random string without such a hint is not masked: logs are full of ids.
2. Structure (``json_text.mask_json``, ``yaml_text.mask_yaml``, ``values.mask_value``, ``command.mask_command``): for
   settings, LiteLLM's YAML and command lines. The keys above a value (``places``) decide as well: everything under a
   secret's key is masked, and random strings too. Line breaks stay, valid JSON stays valid, invalid JSON is masked as
   well.
3. Known secrets (``findings.known_secrets``): for text that quotes settings, such as findings and diffs. Also masks
   every secret that is configured (``configured``) wherever it occurs, from six characters on (``known``).
4. Bundles (``redaction``): for files that leave the machine. Also replaces users, hosts, addresses, paths, models and
   ids by numbered stand-ins; log lines are not masked but rebuilt from the parts that are known to be harmless.

The mask has a fixed length, which does not reveal that of the secret.
"""
