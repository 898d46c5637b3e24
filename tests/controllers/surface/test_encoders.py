"""Steps of encoders, against the tables that the makers print."""

from __future__ import annotations

from typing import get_args

import pytest

from bridge.controllers.mappings.mapping_file import EncoderKind
from bridge.controllers.surface.encoders import decode_steps

UP = {
    "twos_complement": lambda steps: steps,
    "sign_bit": lambda steps: steps,
    "sign_bit_inverted": lambda steps: 0x40 + steps,
    "offset_64": lambda steps: 64 + steps,
    "inc_dec": lambda steps: steps,
}
"""What a device sends for so many steps to the right, and to the left."""
DOWN = {
    "twos_complement": lambda steps: 128 - steps,
    "sign_bit": lambda steps: 0x40 + steps,
    "sign_bit_inverted": lambda steps: steps,
    "offset_64": lambda steps: 64 - steps,
    "inc_dec": lambda steps: 128 - steps,
}


@pytest.mark.parametrize("kind", UP)
@pytest.mark.parametrize("steps", range(1, 64))
def test_each_number_of_steps_comes_back_in_both_directions(kind: EncoderKind, steps: int) -> None:
    assert decode_steps(kind, UP[kind](steps)) == steps
    assert decode_steps(kind, DOWN[kind](steps)) == -steps


@pytest.mark.parametrize(
    ("kind", "data", "steps"),
    [
        ("sign_bit", "01 01 41 41", [1, 1, -1, -1]),
        ("sign_bit", "01 02 05 7F 7B 40 00", [1, 2, 5, -63, -59, -1, 1]),
        ("sign_bit_inverted", "41 41 01 01 40 00", [1, 1, -1, -1, 1, -1]),
        ("twos_complement", "01 02 05 7F 7B 40 00", [1, 2, 5, -1, -5, -64, 0]),
        ("inc_dec", "01 02 05 7F 7B 40 00", [1, 2, 5, -1, -5, 0, 0]),
        ("offset_64", "41 42 45 3F 3B 40 00 7F", [1, 2, 5, -1, -5, 0, -64, 63]),
    ],
)
def test_the_reported_rows_of_bytes_keep_their_direction_and_their_acceleration(
    kind: EncoderKind, data: str, steps: list[int]
) -> None:
    assert [decode_steps(kind, byte) for byte in bytes.fromhex(data)] == steps


@pytest.mark.parametrize("kind", [kind for kind in get_args(EncoderKind) if kind != "absolute"])
def test_every_byte_has_a_meaning(kind: EncoderKind) -> None:
    steps = [decode_steps(kind, byte) for byte in range(128)]
    assert all(-64 <= one <= 63 for one in steps)
    assert sum(one > 0 for one in steps) >= 63 and sum(one < 0 for one in steps) >= 63


def test_a_position_is_no_step() -> None:
    with pytest.raises(ValueError, match="positions"):
        decode_steps("absolute", 3)
