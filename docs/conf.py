"""Sphinx configuration: the pages of this repository and the reference, as HTML. Run by: make docs

The source folder is the repository's root, so that README.md and CONTRIBUTING.md are pages too and every relative link
means the same here and on a code host. The sidebar is made from the links of docs/README.md; a page that is not there
is a warning, and ``make docs`` takes warnings for errors.
"""

from __future__ import annotations

import posixpath
import re
from importlib.metadata import version as get_version
from typing import Any

project = "Sideman"
author = "the Sideman authors"
release = version = get_version("sideman")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/README"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/controllers/*.md",
    "docs/daws/*.md",
    "docs/reference/*.md",
    "bench/*.md",
    "examples/*.md",
    "engines/weights/CARD.md",
]
exclude_patterns = [".*", "**/.*", "**/__pycache__", "build", "dist", "demo-out", "shared"]

myst_heading_anchors = 3

default_role = "any"  # `Engine.prepare` in a docstring is a link; an object that the reference lacks is a warning
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_type_aliases = {
    name: name for name in ("Audio", "Float32Array", "Item", "Payload", "Port", "Row", "State", "Value")
}
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"Sideman {release}"
html_copy_source = False

LINKED_PAGE = re.compile(r"\]\((?!https?:)([^)#\s]+)\.md[)#]")


def add_sidebar(_app: object, docname: str, source: list[str]) -> None:
    """Append a hidden table of contents to the index page: a caption per section, an entry per linked page."""
    if docname != root_doc:
        return
    listed = {docname}
    for section in re.split(r"^## ", source[0], flags=re.MULTILINE):
        links = (posixpath.normpath(posixpath.join("docs", link)) for link in LINKED_PAGE.findall(section))
        pages = [page for page in dict.fromkeys(links) if page not in listed]
        listed.update(pages)
        caption = section.split("\n", 1)[0].lstrip("# ")
        entries = "\n".join(f"/{page}" for page in pages)
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"


def keep_colons(_app: object, what: str, _name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Put an empty line first: napoleon takes the words before a colon in the first line of an attribute's docstring
    for its type."""
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")


def hide_protocol_signature(_app: object, _what: str, _name: str, item: object, *_: object) -> tuple[str, str] | None:
    """A protocol has no constructor of its own."""
    return ("", "") if getattr(item, "_is_protocol", False) else None


def setup(app: Any) -> None:
    """Connect the functions above; Sphinx calls this."""
    app.connect("source-read", add_sidebar)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("autodoc-process-signature", hide_protocol_signature)
