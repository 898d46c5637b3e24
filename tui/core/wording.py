"""Words for controls, changes and actions, as messages say them: made from the names in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.registry import DELAY_MOVES, Control
from tui.core.values import format_value

UNITS = ("_db", "_frames", "_beats", "_bpm", "_ms", "_hz", "_s")
"""Ends of names that say the unit, which the value has already."""
SWITCHED_ON = {"mute": "muted"}
"""Switches for which the language has a word of its own."""

EFFECTS = {
    "next beat": ", from the next beat on",
    "next bar": ", from the next bar on",
    "next start": ", from the next start on",
    DELAY_MOVES: "; the DAW has to read the delay anew",
}
"""Words behind a change that does not take effect at once."""


def shorten_name(name: str) -> str:
    """A control or an action in a few words: ``stems.vocals.gain_db`` is ``vocals gain``."""
    parts = name.split(".")
    last = parts[-1]
    for unit in UNITS:
        last = last.removesuffix(unit)
    words = [*(parts[1:-1] if len(parts) > 2 else parts[:-1]), last or parts[-1]]
    return " ".join(words).replace("_", " ")


def describe_value(control: Control, number: float) -> str:
    """A control and its value: ``vocals mute off``, ``band style jazz``, ``vocals gain -6.0 dB``."""
    return f"{shorten_name(control.name)} {format_value(control, number)}"


def describe_change(control: Control, number: float) -> str:
    """A change of a control as it is said: as `describe_value`, ``vocals muted``, and when it takes effect."""
    first, _, last = shorten_name(control.name).rpartition(" ")
    if control.kind == "switch" and number > 0.5 and last in SWITCHED_ON:
        return f"{first} {SWITCHED_ON[last]}"
    return describe_value(control, number) + EFFECTS.get(control.takes_effect, "")


def describe_action(name: str, arguments: Sequence[str]) -> str:
    """An action with its arguments: ``preset load karaoke``."""
    return " ".join((name.replace(".", " ").replace("_", " "), *arguments))
