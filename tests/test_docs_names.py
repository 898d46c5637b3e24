"""The pages name files and modules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").glob("*.md"),
        ROOT / "bench" / "README.md",
        ROOT / "engines" / "weights" / "CARD.md",
    ]
)
PACKAGES = (
    "batch",
    "bench",
    "bridge",
    "chains",
    "demo",
    "engines",
    "export",
    "research",
    "tests",
    "tools",
    "examples",
    "docs",
    "tui",
)
NAMED_FILE = re.compile(r"[\w./-]*\w\.py\b")
NAMED_FOLDER = re.compile(rf"(?<![\w/.])(?:{'|'.join(PACKAGES)})/[\w/]*\w(?![\w-]*\.|[\w-])")
NAMED_MODULE = re.compile(rf"python -m ((?:{'|'.join(PACKAGES)})[\w.]*\w)")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#{1,6} +(.*)$", re.MULTILINE)

SOURCES = ["/" + path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def missing_names(text: str) -> list[str]:
    """Files, folders and modules that ``text`` names and that are not there."""
    files = [re.sub(r"^(\.\.?/)+", "", match) for match in NAMED_FILE.findall(text)]
    gone = [name for name in files if not any(source.endswith("/" + name.lstrip("/")) for source in SOURCES)]
    gone += [name for name in NAMED_FOLDER.findall(text) if not (ROOT / name).exists()]
    for module in NAMED_MODULE.findall(text):
        path = ROOT / module.replace(".", "/")
        if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
            gone.append(module)
    return gone


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_folder_and_module_that_a_page_names_exists(page: Path) -> None:
    assert missing_names(page.read_text(encoding="utf-8")) == []


def heading_anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a code host makes them."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path, text: str) -> list[str]:
    """Links in ``text``, which stands at ``page``, to a file or a heading that is not there."""
    broken = []
    for link, anchor in LINK.findall(text):
        target = page.parent / link if link else page
        if not target.exists() or (anchor and anchor not in heading_anchors(target)):
            broken.append(f"{link}#{anchor}" if anchor else link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_or_a_heading(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_found() -> None:
    text = "[a](osc.md) [b](nothing.md) [c](osc.md#nothing) [d](#nothing) [e](architecture.md#tests)"
    assert broken_links(ROOT / "docs" / "README.md", text) == ["nothing.md", "osc.md#nothing", "#nothing"]


def test_a_name_that_is_not_there_is_found() -> None:
    text = "`bridge/runtime/lattice.py`, `engines/session`, python -m bench.nothing, `engine.py`"
    assert missing_names(text) == ["bridge/runtime/lattice.py", "engines/session", "bench.nothing"]
