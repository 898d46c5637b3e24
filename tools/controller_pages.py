"""Controller pages: writes docs/controllers, a page and a picture for each mapping in mappings.

Run ``.venv/bin/python tools/controller_pages.py`` after a change of a mapping, a control or how pages are drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bridge.controllers.mappings.mapping_reader import read_mapping, read_mapping_file
from bridge.controllers.pages.mapping_page import format_mapping_page
from bridge.controllers.pages.picture import draw_mapping
from bridge.installed_controls import make_registry
from bridge.settings import Settings

ROOT = Path(__file__).parent.parent
MAPPINGS, PAGES = ROOT / "mappings", ROOT / "docs" / "controllers"


def make_pages() -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    registry = make_registry(Settings())
    for path in sorted(MAPPINGS.glob("*.toml")):
        mapping, file = read_mapping(path, registry), read_mapping_file(path)
        yield f"{path.stem}.md", format_mapping_page(mapping, file, path.stem, path.read_text(encoding="utf-8"))
        yield f"{path.stem}.svg", draw_mapping(mapping, file)


def main() -> None:
    PAGES.mkdir(exist_ok=True)
    pages = dict(make_pages())
    for path in PAGES.iterdir():
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{PAGES}: {len(pages)} files\n")


if __name__ == "__main__":
    main()
