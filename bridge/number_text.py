"""Number text: numbers and ranges as people write them, never with an exponent, and the error about an option."""

from __future__ import annotations

from bridge.errors import ConfigError

FIGURES = 6
"""Significant figures of a number that is shown."""
SMALLEST_DECIMALS = 10
"""Decimals of a number that is too small for `FIGURES`."""


def format_number(value: float, figures: int = FIGURES) -> str:
    """A number such as 1048576, 1300 or 0.707."""
    text = f"{value:.{figures}g}"
    return f"{value:.{SMALLEST_DECIMALS}f}".rstrip("0").rstrip(".") if "e" in text else text


def format_range(low: float, high: float, unit: str = "") -> str:
    """A range such as ``20 to 20000 Hz``."""
    return f"{format_number(low)} to {format_number(high)} {unit}".rstrip()


def check_option(option: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Check the value of an option; NaN is in no range.

    Raises:
        ConfigError: It is not from ``low`` to ``high``.
    """
    if not low <= value <= high:
        raise ConfigError(f"{option} {format_number(value)}: out of range", f"give {format_range(low, high, unit)}")
