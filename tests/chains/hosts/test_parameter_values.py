"""Tests of parameter values, on a parameter with the texts of different plugins."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from chains.document.chain import ParameterValue
from chains.hosts.parameter_values import compute_curve, find_raw, read_number, set_raw_value, set_value
from chains.process.verdict import PluginError

WORDS = ("Hall", "Room", "Plate")


class FakeParameter:
    """A parameter. ``show``: its text; ``parse``: its raw value of a text, None: the host cannot ask."""

    def __init__(
        self,
        show: Callable[[float], str],
        parse: Callable[[str], float] | None = None,
        unit: str = "",
        steps: int = 0,
        take: Callable[[float], float] = float,
    ) -> None:
        self.name, self.unit, self.steps, self.is_automatable = "Size", unit, steps, True
        self._show, self._parse, self._take = show, parse, take
        self.raw = 0.0

    def read(self) -> float:
        return self.raw

    def write(self, raw: float) -> None:
        self.raw = float(np.float32(self._take(raw)))

    def find_text(self, raw: float) -> str:
        return self._show(raw)

    def parse_text(self, text: str) -> float | None:
        return self._parse(text) if self._parse else None


def show_linear(raw: float) -> str:
    return f"{-80 + 80 * raw:.2f} dB"


def show_logarithmic(raw: float) -> str:
    return f"{20 * 1000**raw:.1f}"


def show_falling(raw: float) -> str:
    return f"{10 - 10 * raw:.3f}"


def show_switch(raw: float) -> str:
    return "On" if raw > 0.5 else "Off"


def show_number(raw: float) -> str:
    return f"{raw:.6f}"


def show_word(raw: float) -> str:
    return WORDS[min(2, int(raw * 3))]


LINEAR = FakeParameter(show_linear, unit="dB")
PARSED = FakeParameter(show_linear, lambda text: (float(text.split()[0]) + 80) / 80, unit="dB")
DEAF = FakeParameter(show_linear, lambda text: 0.0 * len(text), unit="dB")
LOGARITHMIC = FakeParameter(show_logarithmic, unit="Hz")
FALLING = FakeParameter(show_falling)
CHOICES = FakeParameter(show_word, steps=3)
FRACTIONS = FakeParameter(lambda raw: "1/8" if raw > 0.5 else "1/4", steps=2)


@pytest.mark.parametrize(
    ("parameter", "value", "raw"),
    [
        (LINEAR, -20.0, 0.75),
        (PARSED, -20.0, 0.75),
        (DEAF, -20.0, 0.75),
        (LINEAR, "-20 dB", 0.75),
        (PARSED, "-20 dB", 0.75),
        (LOGARITHMIC, 632.5, 0.5),
        (LOGARITHMIC, "2 kHz", 2 / 3),
        (LINEAR, "-20", 0.75),
        (LINEAR, "-20DB", 0.75),
        (LOGARITHMIC, "2000 Hz", 2 / 3),
        (FALLING, "2.5", 0.75),
        (FALLING, "2.5:1", 0.75),
        (FALLING, 2.5, 0.75),
        (CHOICES, "Room", 0.5),
        (FRACTIONS, "1/8", 1.0),
        (CHOICES, "plate", 1.0),
    ],
)
def test_a_value_becomes_the_raw_value_that_shows_it(
    parameter: FakeParameter, value: ParameterValue, raw: float
) -> None:
    assert find_raw("delay", parameter, value) == pytest.approx(raw, abs=1e-4)
    set_value("delay", parameter, value)
    assert parameter.raw == pytest.approx(raw, abs=1e-4)


@pytest.mark.parametrize(
    ("parameter", "value", "hint"),
    [
        (LINEAR, 3.0, "-80 dB to 0 dB"),
        (PARSED, -90.0, "-80 dB to 0 dB"),
        (LINEAR, "much", "-80 dB to 0 dB"),
        (LINEAR, math.nan, "finite"),
        (LINEAR, math.inf, "finite"),
        (LINEAR, -math.inf, "finite"),
        (CHOICES, "Cave", "Hall, Room, Plate"),
        (LINEAR, "-20 ms", "give -80 dB to 0 dB; write the value in dB"),
        (PARSED, "-20 ms", "write the value in dB"),
        (LINEAR, "-20:1", "write the value in dB"),
        (LOGARITHMIC, "2 s", "write the value in Hz"),
        (FALLING, "3 dB", "give 10 to 0; write the number alone"),
        (FRACTIONS, "1/3", "give 1/4, 1/8"),
    ],
)
def test_a_value_that_no_raw_value_shows_is_refused(parameter: FakeParameter, value: ParameterValue, hint: str) -> None:
    with pytest.raises(PluginError, match="delay: Size") as caught:
        set_value("delay", parameter, value)
    assert hint in caught.value.hint


def test_a_plugin_that_does_not_take_the_value_is_named_with_both() -> None:
    stubborn = FakeParameter(show_linear, take=lambda raw: min(raw, 0.5))
    with pytest.raises(PluginError, match=r"Size: wanted raw value 0\.75, read back 0\.5"):
        set_value("delay", stubborn, -20.0)
    with pytest.raises(PluginError, match="out of range"):
        set_raw_value("delay", stubborn, 1.5)


@pytest.mark.parametrize("value", [True, "on", "On", "true"])
@pytest.mark.parametrize("shows", [show_switch, show_number])
def test_a_switch_takes_words(value: ParameterValue, shows: Callable[[float], str]) -> None:
    switch = FakeParameter(shows, steps=2)
    set_value("delay", switch, value)
    assert switch.raw == 1.0


@pytest.mark.parametrize("parameter", [LINEAR, LOGARITHMIC, FALLING])
def test_the_curve_of_an_automation_shows_its_values(parameter: FakeParameter) -> None:
    ends = [read_number(parameter.find_text(end)) or 0.0 for end in (0.0, 1.0)]
    values = np.linspace(ends[0], ends[1], 50).astype(np.float32)
    raw = compute_curve("delay", parameter, values)
    shown = [read_number(parameter.find_text(float(one))) for one in raw]
    np.testing.assert_allclose(np.array(shown, np.float64), values, rtol=2e-3, atol=0.006)


def test_an_automation_out_of_range_or_of_words_is_refused() -> None:
    with pytest.raises(PluginError, match="out of range"):
        compute_curve("delay", LINEAR, np.array([-20.0, 3.0], np.float32))
    with pytest.raises(PluginError, match="shows no numbers"):
        compute_curve("delay", CHOICES, np.array([0.0], np.float32))


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("-20.0 dB", "dB", -20.0), ("1.2 kHz", "Hz", 1200.0), ("1.2k", "", 1.2), ("Off", "", None), ("4:1", "", 4.0)],
)
def test_numbers_are_read_from_texts(text: str, unit: str, number: float | None) -> None:
    assert read_number(text, unit) == number
