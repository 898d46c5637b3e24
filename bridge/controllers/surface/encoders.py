"""Encoders: the steps that a turned knob without an end sends, in each of the ways in use.

Every value has a meaning: devices send larger steps when a knob is turned fast, and those steps count as they are; they
are neither dropped nor multiplied again.
"""

from __future__ import annotations

from bridge.controllers.mappings.mapping_file import EncoderKind

_SIGN = 0x40


def decode_steps(kind: EncoderKind, value: int) -> int:
    """The steps of the data byte ``value``, 0 to 127; right (up) is positive.

    ``twos_complement``: 1 to 63 up, 127 to 64 down by 1 to 64. ``sign_bit``: the lower six bits, down where bit 6 is
    set; no steps count as one (Mackie Control). ``sign_bit_inverted``: down where it is not set. ``offset_64``: the
    distance from 64. ``inc_dec``: 1 up, 127 down, more when fast; 64 lies between and is none.

    Raises:
        ValueError: ``kind`` is absolute, which has positions, not steps.
    """
    match kind:
        case "twos_complement":
            return value - 0x80 if value & _SIGN else value
        case "sign_bit":
            steps = value & (_SIGN - 1) or 1
            return -steps if value & _SIGN else steps
        case "sign_bit_inverted":
            steps = value & (_SIGN - 1) or 1
            return steps if value & _SIGN else -steps
        case "offset_64":
            return value - _SIGN
        case "inc_dec":
            if value == _SIGN:
                return 0
            return value - 0x80 if value & _SIGN else value
        case "absolute":
            raise ValueError("an absolute encoder sends positions, not steps")
