"""Feedback of a mapping file: lights, displays and meters that belong to no input, checked and expanded."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.controllers.mappings.mapping import BEAT, ControlField, Feedback, ReadingField, Source, StripField
from bridge.controllers.mappings.mapping_entry import MappingContext, MappingEntryReader, list_names
from bridge.controllers.mappings.mapping_file import FeedbackTable, StripFunctionName
from bridge.controllers.mappings.message_template import MessageTemplate
from bridge.core.control import Control
from bridge.toml import shorten

_METER_DB = (-60.0, 0.0)
"""Range of a strip's meter where none is given."""
_SWITCHES: tuple[StripFunctionName, ...] = ("mute", "solo", "select")


def read_feedback(context: MappingContext, number: int, table: FeedbackTable) -> Iterator[Feedback]:
    """The feedback of entry ``number`` of the file, from 1; without that whose source belongs to an engine that is off.

    Raises:
        ConfigError: Something in the entry is wrong.
    """
    shown = f"strip {table.strip}" if table.strip else (list_names(table.source) or ("",))[0]
    entry = MappingEntryReader(context, f"feedback {number} ({shorten(shown, 40)})")
    if bool(table.source) == (table.strip is not None):
        raise entry.refuse("shows a source, or a strip", "give exactly one of both")
    entry.check_layer("layer", table.layer)
    count = table.count
    if not isinstance(table.source, str) and len(table.source) > 1 and count == 1:
        count = len(table.source)
    if table.strip is not None:
        if table.function is None:
            raise entry.refuse("which function of the strip?", "add function: fader, mute, name, meter ...")
        entry.check_strips(table.strip, count)
        strips = (StripField(table.strip - 1 + index, table.function) for index in range(count))
        yield from (_read_one(entry, number, table, index, strip) for index, strip in enumerate(strips))
        return
    if table.function is not None:
        raise entry.refuse("function belongs to a strip", "remove it, or give strip in place of source")
    for index, name in enumerate(entry.spread("source", table.source, count)):
        if (source := entry.find_source(name)) is not None:
            yield _read_one(entry, number, table, index, source)


def _read_one(entry: MappingEntryReader, number: int, table: FeedbackTable, index: int, source: Source) -> Feedback:
    variables = {"i": index}
    on, off, downbeat = (
        entry.parse_fixed_template(key, text, variables)
        for key, text in (("on", table.on), ("off", table.off), ("downbeat", table.downbeat))
    )
    value = entry.parse_template("value", table.value, variables)
    is_beat = isinstance(source, ReadingField) and source.reading == BEAT
    if (on is None) != (off is None):
        missing = "on" if on is None else "off"
        raise entry.refuse(f"{missing} is missing", f"give on and off; without {missing} the light would stay")
    if (on is None) == (value is None):
        raise entry.refuse("on and off, or value", "give exactly one of both ways")
    if downbeat is not None and (not is_beat or on is None):
        raise entry.refuse("downbeat is for the flashes of mir.beat", "remove downbeat")
    if on is not None and not (is_beat or _has_two_states(source)):
        raise entry.refuse(
            "on and off are for a switch, a choice or mir.beat",
            'give value with {v}, or write source = "CONTROL = CHOICE"',
        )
    low, high = _read_range(entry, table, source, value)
    if value is not None:
        _check_value(entry, source, value)
        entry.check_range("value", value, table.to)
    return Feedback(
        number, source, on, off, downbeat, value, table.flash_ms / 1000, low, high, table.to,
        table.every_ms / 1000, table.repeat_ms / 1000, table.layer,
    )  # fmt: skip


def _check_value(entry: MappingEntryReader, source: Source, value: MessageTemplate) -> None:
    """Check that ``value`` has what its source is."""
    function = source.function if isinstance(source, StripField) else None
    if isinstance(source, StripField) and function == "colour":
        if value.variables not in ({"colour"}, {"colours"}):
            raise entry.refuse("value: a colour", "put {colour}, or {colours:8} for eight strips, where it belongs")
        entry.check_strips(source.strip + 1, max(1, value.colours))
        return
    if value.colours:
        raise entry.refuse("value: colours are those of strips", 'write strip = 1 and function = "colour"')
    if not value.variables - {"colour"}:
        raise entry.refuse("value: is always the same", "put {v} or {text:7} where the value belongs")
    if function == "name" and "text" not in value.variables:
        raise entry.refuse("value: a name is text", "put {text:7} where it belongs")


def _read_range(
    entry: MappingEntryReader, table: FeedbackTable, source: Source, value: MessageTemplate | None
) -> tuple[float, float]:
    """The values of the source at both ends of ``to``."""
    is_number = value is not None and "text" not in value.variables
    if table.range is not None and not is_number:
        raise entry.refuse("range is for a value with {v}", "remove range")
    if isinstance(source, ControlField):
        if source.choice is not None and value is not None:
            raise entry.refuse("source: one choice is on or off", "give on and off in place of value")
        return _read_control_range(entry, table, source.control)
    if isinstance(source, StripField):
        if source.function != "meter":
            if table.range is not None:
                raise entry.refuse(f"range: the strip's {source.function} has its own", "remove range")
            return 0.0, 1.0
        return _METER_DB if table.range is None else _read_numbers(entry, table)
    if is_number and table.range is None:
        raise entry.refuse("range is missing", "give the numbers of the source at both ends, as in range = [-60, 0]")
    return (0.0, 1.0) if table.range is None else _read_numbers(entry, table)


def _read_control_range(entry: MappingEntryReader, table: FeedbackTable, control: Control) -> tuple[float, float]:
    if table.range is None:
        return control.low, control.high
    low, high = (entry.parse(control, "range", end) for end in table.range)
    return _check_ends(entry, low, high)


def _read_numbers(entry: MappingEntryReader, table: FeedbackTable) -> tuple[float, float]:
    ends = table.range or (0.0, 1.0)
    if any(isinstance(end, str | bool) for end in ends):
        raise entry.refuse("range: a reading's field has numbers", "give two numbers, as in range = [-60, 0]")
    return _check_ends(entry, float(ends[0]), float(ends[1]))


def _check_ends(entry: MappingEntryReader, low: float, high: float) -> tuple[float, float]:
    if low == high or not abs(high - low) < float("inf"):
        raise entry.refuse(f"range: from {low:g} to {high:g}", "give two different numbers")
    return low, high


def _has_two_states(source: Source) -> bool:
    if isinstance(source, StripField):
        return source.function in _SWITCHES
    return isinstance(source, ControlField) and (source.choice is not None or source.control.kind == "switch")
