"""Render numbers: the options of ``sideman render`` that take a number, with or without its unit, and their ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from bridge.core.time import FASTEST_BPM, SLOWEST_BPM
from bridge.errors import ConfigError
from bridge.number_text import check_option, format_range
from chains.document.chain_rules import LONGEST_TAIL_S
from chains.document.value_unit import NUMBER, find_unit

USUAL_CEILING_DBTP = -1.0
"""Ceiling with a target loudness, as EBU R 128 asks for."""
LOUDNESS_LUFS, CEILING_DBTP, TAIL_S = (-70.0, 0.0), (-20.0, 0.0), (0.0, LONGEST_TAIL_S)
TEMPO_BPM = (SLOWEST_BPM, FASTEST_BPM)
BLOCK_FRAMES, RATES_HZ, GAIN_DB = (1, 1 << 20), (8000, 192_000), (-60.0, 40.0)
"""Lowest and highest values that options take."""


def _make_converter(range_: tuple[float, float], unit: str) -> Callable[[Any, Sequence[Token]], float]:
    def read_number(_type: Any, tokens: Sequence[Token]) -> float:
        """The number of ``-14`` or ``-14 LUFS``. Raises: ConfigError where it is none, or has another unit."""
        option, text = tokens[0].keyword or "", tokens[0].value
        try:
            return float(text)
        except ValueError:
            number = NUMBER.match(text)
        if number is None:
            raise ConfigError(f"{option} {text!r}: no number", f"give {format_range(*range_, unit)}")
        if number[2] or find_unit(text).casefold() != unit.casefold():
            raise ConfigError(f"{option} {text!r}: another unit", f"give {format_range(*range_, unit)}")
        return float(number[1])

    return read_number


def _make_parameter(help_: str, range_: tuple[float, float], unit: str) -> Parameter:
    # "-14 LUFS" begins like an option
    return Parameter(help=help_, converter=_make_converter(range_, unit), allow_leading_hyphen=True)


TargetLufs: TypeAlias = Annotated[
    float | None, _make_parameter("Loudness of songs and mixes, such as -14.", LOUDNESS_LUFS, "LUFS")
]
CeilingDbtp: TypeAlias = Annotated[
    float | None,
    _make_parameter("Highest true peak of songs and mixes; with --target-lufs -1.", CEILING_DBTP, "dBTP"),
]
Tail: TypeAlias = Annotated[
    float | None, _make_parameter("Seconds beyond the end; by default as the chain says.", TAIL_S, "s")
]
Tempo: TypeAlias = Annotated[
    float | None, _make_parameter("Beats per minute; else of the MIDI file, analysis or chain.", TEMPO_BPM, "BPM")
]


def check_number(option: str, value: float | None, range_: tuple[float, float], unit: str) -> float | None:
    """A number in its range, or None where it is not given.

    Raises:
        ConfigError: It is out of range.
    """
    if value is not None:
        check_option(option, value, *range_, unit)
    return value
