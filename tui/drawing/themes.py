"""Themes: what each role of a row looks like, as colours and attributes; no terminal library."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.core.rows import ROLES


@dataclass(frozen=True, slots=True)
class Look:
    """What a role looks like. ``front`` and ``back``: ``#rrggbb``; empty, the terminal's own colour."""

    front: str = ""
    back: str = ""
    is_bold: bool = False
    is_dim: bool = False
    is_underlined: bool = False
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme. ``front`` and ``back``: of what has no look of its own; empty, the terminal's own colours."""

    name: str
    doc: str
    front: str
    back: str
    looks: dict[str, Look]

    def get_look(self, role: str) -> Look:
        """The look of a role; that of text where the theme names none."""
        return self.looks.get(role) or self.looks["text"]


def _make_theme(name: str, doc: str, front: str, back: str, colors: dict[str, str], selection: str) -> Theme:
    """A theme of colours: roles that matter are bold too, the selection and the cursor have a ground of their own."""
    looks = {role: Look(colors.get(role, front), back) for role in ROLES}
    for role in ("title", "strong", "bar_clip", "error"):
        looks[role] = replace(looks[role], is_bold=True)
    looks["selected"] = Look(colors["selected"], selection, is_bold=True)
    looks["field"] = Look(colors["field"], selection)
    looks["cursor"] = Look(back, colors["field"], is_bold=True)
    return Theme(name, doc, front, back, looks)


CALM = _make_theme(
    "calm",
    "five greys, colour only for loud levels and warnings",
    "#b8b8b8",
    "#121212",
    {
        "dim": "#8c8c8c",
        "off": "#7d7d7d",
        "title": "#e4e4e4",
        "strong": "#ffffff",
        "bar": "#b0b0b0",
        "bar_high": "#e8c468",
        "bar_clip": "#ff8f7a",
        "muted": "#7d7d7d",
        "selected": "#ffffff",
        "key": "#d8d8d8",
        "good": "#9cc4a0",
        "warning": "#ecc06a",
        "error": "#ff8f7a",
        "field": "#f0f0f0",
    },
    "#2e2e2e",
)
CONTRAST = _make_theme(
    "contrast",
    "white on black, at least 7 : 1, for sunlight",
    "#ffffff",
    "#000000",
    {
        "dim": "#cfcfcf",
        "off": "#a8a8a8",
        "title": "#ffffff",
        "bar": "#ffffff",
        "bar_high": "#ffd75f",
        "bar_clip": "#ff9f8f",
        "muted": "#a8a8a8",
        "selected": "#ffffff",
        "key": "#ffffff",
        "good": "#9fefa8",
        "warning": "#ffd75f",
        "error": "#ff9f8f",
        "field": "#ffffff",
    },
    "#2b2b2b",
)
LIGHT = _make_theme(
    "light",
    "dark on light",
    "#303030",
    "#f4f4f2",
    {
        "dim": "#5c5c5c",
        "off": "#6a6a6a",
        "title": "#101010",
        "strong": "#000000",
        "bar": "#404040",
        "bar_high": "#7a5400",
        "bar_clip": "#a81c0c",
        "muted": "#6a6a6a",
        "selected": "#000000",
        "key": "#202020",
        "good": "#1e6428",
        "warning": "#7a4d00",
        "error": "#a81c0c",
        "field": "#101010",
    },
    "#dcdcd6",
)
MONO = Theme(
    "mono",
    "the terminal's own colours, attributes only",
    "",
    "",
    {
        **{role: Look() for role in ROLES},
        "dim": Look(is_dim=True),
        "off": Look(is_dim=True),
        "muted": Look(is_dim=True),
        "title": Look(is_bold=True),
        "strong": Look(is_bold=True),
        "bar_high": Look(is_bold=True),
        "bar_clip": Look(is_bold=True, is_reversed=True),
        "selected": Look(is_bold=True, is_reversed=True),
        "key": Look(is_bold=True),
        "warning": Look(is_bold=True),
        "error": Look(is_bold=True, is_reversed=True),
        "field": Look(is_underlined=True),
        "cursor": Look(is_reversed=True),
    },
)
THEMES: dict[str, Theme] = {theme.name: theme for theme in (CALM, CONTRAST, LIGHT, MONO)}


def find_theme(name: str, no_color: bool = False) -> Theme:
    """The theme of this name, ``calm`` for an empty one; where no colour is wanted always ``mono``.

    Raises:
        ValueError: There is no theme of this name.
    """
    if name and name not in THEMES:
        raise ValueError(f"no theme is called {name!r}; there are {', '.join(THEMES)}")
    return MONO if no_color else THEMES[name or "calm"]


def compute_luminance(color: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def compute_contrast(front: str, back: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((compute_luminance(front), compute_luminance(back)))
    return (high + 0.05) / (low + 0.05)


def to_grey(color: str) -> str:
    """The grey of the same luminance."""
    linear = compute_luminance(color)
    part = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return "#" + f"{round(part * 255):02x}" * 3
