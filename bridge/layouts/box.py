"""Box: a place on a page of a layout, and the sizes of pages in pixels."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH_PX, HEIGHT_PX = 1024, 768
"""Size of a layout: that of a 4:3 tablet. Both programs scale it to the screen."""
HEADER_PX = 48
"""Height of the line above the pages that is always visible."""
TABS_PX = 48
"""Height of the bar that chooses a page: a finger hits it."""
PAGE_HEIGHT_PX = HEIGHT_PX - HEADER_PX - TABS_PX
"""Height of a page."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    def split_rows(self, top: int) -> tuple[Box, Box]:
        """The upper ``top`` pixels, and the rest."""
        return Box(self.x, self.y, self.width, top), Box(self.x, self.y + top, self.width, self.height - top)

    def split_columns(self, left: int) -> tuple[Box, Box]:
        """The left ``left`` pixels, and the rest."""
        return Box(self.x, self.y, left, self.height), Box(self.x + left, self.y, self.width - left, self.height)

    def shrink(self, margin: int) -> Box:
        """The place without a margin on each side."""
        return Box(self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin)
