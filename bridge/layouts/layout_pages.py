"""Layout: pages of placed elements, before they are written in the format of a program."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.layouts.element_types import Element


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """One page, behind a tab."""

    title: str
    color: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is always visible, and the pages. ``header``: in pixels of the whole layout."""

    header: tuple[Element, ...]
    pages: tuple[LayoutPage, ...]

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements, page by page."""
        return self.header + tuple(element for page in self.pages for element in page.elements)
