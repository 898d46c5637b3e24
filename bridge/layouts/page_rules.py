"""Page rules: on which page of a layout a control or action stands, in which section, and under which words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.layouts.layout_labels import label_name

PAGE_COLORS: Mapping[str, str] = {
    "Stems": "#e0a33a", "Band": "#4fb286", "Parts": "#4fb286", "Clock": "#5b8def", "Inserts": "#b57edc",
    "Presets": "#e07a5f", "DAW": "#5b8def", "Analysis": "#3fb8c9", "Latency": "#8a93a0", "More": "#8a93a0",
}  # fmt: skip
"""The pages in order of their tabs, and the colour of each."""
STEM_COLORS: Mapping[str, str] = {
    "drums": "#e0a33a", "bass": "#5b8def", "vocals": "#e0637c", "other": "#4fb286", "synth": "#b57edc",
}  # fmt: skip
"""Colours of the mixer's strips."""
TEXT_COLOR, BACKGROUND_COLOR, DANGER_COLOR = "#e8ebf0", "#16181d", "#d64545"
"""Text, the ground behind all, and what stops the music."""


@dataclass(frozen=True, slots=True)
class SectionRule:
    """Items whose names match ``pattern`` stand on ``page``.

    The group ``label`` is what stands on the element. ``heading``: that of the section; where it is empty the group
    ``heading`` says it, and where there is none the section has no heading.
    """

    page: str
    pattern: str
    heading: str = ""


RULES = (
    SectionRule("Stems", r"stems\.(?P<label>[\w.]+)"),
    SectionRule("Parts", r"accompaniment\.band\.(?P<heading>\w+)\.(?P<label>[\w.]+)"),
    SectionRule("Band", r"accompaniment\.band\.(?P<label>[\w.]+)"),
    SectionRule("Band", r"accompaniment\.(?P<label>[\w.]+)"),
    SectionRule("Clock", r"transport\.(?P<label>[\w.]+)", "Transport"),
    SectionRule("Clock", r"(?:clock|mir\.tempo)\.(?P<label>[\w.]+)", "Clock"),
    SectionRule("Inserts", r"inserts\.(?P<heading>\w+)\.(?P<label>[\w.]+)"),
    SectionRule("DAW", r"daw\.(?P<label>[\w.]+)", "DAW by OSC"),
    SectionRule("DAW", r"ableton\.(?P<label>[\w.]+)", "Ableton Live"),
    SectionRule("Analysis", r"mir\.(?P<label>[\w.]+)"),
    SectionRule("Latency", r"latency\.(?P<heading>\w+)\.(?P<label>(?!ping$)[\w.]+)"),
    SectionRule("Latency", r"latency\.(?P<label>\w+)", "Measure"),
    SectionRule("Latency", r"latency\.(?P<label>\w+)\.ping", "Replace a path by a pure delay"),
    SectionRule("More", r"(?P<heading>\w+)\.(?P<label>[\w.]+)"),
)
"""The first that matches counts; the last matches every name."""


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """Where an item stands: sections are in the order of their rules."""

    page: str
    rule: int
    heading: str
    label: str


def find_placement(name: str) -> Placement:
    """The place of the control or action ``name``."""
    for number, rule in enumerate(RULES):
        found = re.fullmatch(rule.pattern, name)
        if found is not None:
            heading = rule.heading or label_name(found.groupdict().get("heading") or "")
            return Placement(rule.page, number, heading, label_name(found["label"]))
    raise ValueError(f"{name!r} is no dotted name")
