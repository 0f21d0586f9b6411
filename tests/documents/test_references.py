"""Each page of ``docs/`` that code, tests and documents refer to exists, with the section that is named."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"(?<![\w/.-])(?:docs/[\w./-]+|facts/[\w-]+)\.md(?: (\d+(?:\.\d+)*)\b)?")
"""``docs/facts/vllm.md``, in short ``facts/vllm.md``, and with a section ``facts/proxies.md 1.2``."""
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("README.md")]
CODE = [file for folder in ("app", "tests") for file in (ROOT / folder).rglob("*.py") if file != Path(__file__)]
OTHERS = [ROOT / "Makefile", ROOT / "pyproject.toml", *(ROOT / "styles").rglob("*.tcss")]
SOURCES = [*CODE, *PAGES, *OTHERS]


def references():
    """Yield each reference to a page of ``docs/``: where it is, the page, the section or nothing."""
    for file in SOURCES:
        for found in REFERENCE.finditer(file.read_text(encoding="utf-8")):
            name = found[0].split()[0]
            yield file.relative_to(ROOT), name if name.startswith("docs/") else f"docs/{name}", found[1]


def headings(page):
    return HEADING.findall((ROOT / page).read_text(encoding="utf-8"))


def test_references_are_found():
    assert len(list(references())) > 20


def test_every_page_that_is_named_exists():
    missing = {f"{where}: {page}" for where, page, _ in references() if not (ROOT / page).is_file()}
    assert missing == set()


def test_every_section_that_is_named_exists():
    missing = {
        f"{where}: {page} {section}"
        for where, page, section in references()
        if section and not any(re.match(rf"{re.escape(section)}\.? ", title) for title in headings(page))
    }
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_a_file_and_a_heading(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if anchor:
            titles = headings(file.resolve().relative_to(ROOT))
            anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in anchors, target


GUIDES = [ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"]
PLACE = re.compile(r"`([\w/.-]+(?:/|\.\w+))`")
"""A file or a folder in backticks."""
WRITTEN = {"snapshot_report.html"}
"""Written by a run."""


def is_there(name, above):
    """Return whether a file is in the checkout, in the package, beside the last one named, or among the tests."""
    folders = (ROOT, ROOT / "app" / "stormdeck", above)
    tests = name.startswith("test_") or "/" not in name
    return any((folder / name).exists() for folder in folders) or (tests and any((ROOT / "tests").rglob(name)))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_every_file_that_a_guide_names_exists(guide):
    missing, above = [], ROOT
    for name in PLACE.findall(guide.read_text(encoding="utf-8")):
        if name not in WRITTEN and not is_there(name, above):
            missing.append(name)
        elif (ROOT / "app" / "stormdeck" / name).exists():
            place = ROOT / "app" / "stormdeck" / name
            above = place if place.is_dir() else place.parent
    assert missing == []
