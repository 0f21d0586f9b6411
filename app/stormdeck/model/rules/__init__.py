"""Check Claude Code's settings, LiteLLM's YAML and a running vLLM with rules.

A rule is a page that explains it, and a function that turns facts into findings::

    @rule(Page(code="TIME503", title="the number of retries is out of range", ...))
    def retries(facts: Facts) -> Iterator[Finding]:
        ...

``collect.findings_of(deck)`` builds the ``Facts``, runs the rules that apply to the destination (``registry``,
``audience``), tests their fixes (``fixing``) and masks secrets.

To add a rule, put it into the module of its family and into that module's ``RULES``, then run ``make readme``: it
generates ``docs/rules``. Codes never change.
"""
