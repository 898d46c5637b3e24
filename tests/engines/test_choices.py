"""The numbers of choices, which OSC clients may have stored, stay what they were."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.control.sidecar import make_sidecar_registry
from bridge.core.control import Control
from bridge.core.engine_registry import list_engines, load_engine

PARTS = ("drums", "bass", "keys", "pad", "guitar")
STEMS = "nothing mix drums bass vocals other"
SOURCES = (
    "mix drums bass drums+bass vocals drums+vocals bass+vocals drums+bass+vocals other drums+other bass+other "
    "drums+bass+other vocals+other drums+vocals+other bass+vocals+other drums+bass+vocals+other"
)
NOTES = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"]

RECORDED: Mapping[str, list[str]] = {
    "accompaniment.band.style": ["classical", "funk", "jazz", "lo-fi", "orchestral", "pop", "rock", "techno"],
    "accompaniment.band.section": ["auto", "intro", "verse", "chorus", "bridge", "outro", "break"],
    "accompaniment.band.key": ["auto", *(f"{note} major" for note in NOTES), *(f"{note} minor" for note in NOTES)],
    **{f"accompaniment.band.{part}.follows": STEMS.split() for part in PARTS},
    "accompaniment.style": ["pulse", "offbeat", "alternating", "sustained"],
    "clock.link": ["off", "on"],
    "clock.source": ["auto", "jack", "midi", "mtc", "link", "internal"],
    "latency.jack.sends": ["none", "path", "loop"],
    "mir.tempo.mode": ["host", "assist", "follow"],
    **{f"inserts.{point}.chain": ["off"] for point in ("drums", "bass", "vocals", "other", "mix", "band")},
    **{f"mir.{analyser}.source": SOURCES.split() for analyser in ("beat", "chord", "note")},
}
"""The choices that were released, in the order of their numbers. Append here what is appended there."""


def list_choices() -> dict[str, tuple[str, ...]]:
    """The shipped choices of all controls, by name."""
    controls: list[Control] = [*make_sidecar_registry({}).controls]
    for name in list_engines():
        controls += load_engine(name).spec.controls
    return {control.name: control.shipped_choices for control in controls if control.kind == "choice"}


def test_no_choice_has_another_number_than_before() -> None:
    choices = list_choices()
    for name, recorded in RECORDED.items():
        assert list(choices[name][: len(recorded)]) == recorded, f"{name}: append choices, and move none"


def test_every_choice_is_recorded() -> None:
    assert {name: list(choices) for name, choices in list_choices().items()} == RECORDED
