"""Page of keys: it is what the action tables say."""

from __future__ import annotations

from pathlib import Path

from tui.keys.key_table import format_markdown
from tui.terminal.terminal import make_screens

PAGE = Path(__file__).parent.parent.parent / "docs" / "tui_keys.md"


def test_the_page_of_keys_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == format_markdown(make_screens()), "run: sideman tui --keys --markdown > docs/tui_keys.md"
