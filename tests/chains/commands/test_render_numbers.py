"""Numbers of ``sideman render``, as a user types them: alone or with their unit."""

from __future__ import annotations

import pytest
from cyclopts import App

from bridge.errors import ConfigError
from chains.commands.render_numbers import CeilingDbtp, Tail, TargetLufs, Tempo

app = App(result_action="return_value")


@app.default
def keep(
    *, target_lufs: TargetLufs = None, ceiling_dbtp: CeilingDbtp = None, tail: Tail = None, tempo: Tempo = None
) -> list[float]:
    """What was given."""
    return [one for one in (target_lufs, ceiling_dbtp, tail, tempo) if one is not None]


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("--target-lufs", "-14", -14.0),
        ("--target-lufs", "-14 LUFS", -14.0),
        ("--ceiling-dbtp", "-1.5dBTP", -1.5),
        ("--tail", "2 s", 2.0),
        ("--tempo", "90bpm", 90.0),
    ],
)
def test_a_number_is_taken_with_and_without_its_unit(option: str, text: str, value: float) -> None:
    assert app([option, text], exit_on_error=False, print_error=False) == [value]


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--target-lufs", "-14 dB", "--target-lufs '-14 dB': another unit; give -70 to 0 LUFS"),
        ("--target-lufs", "--json", "--target-lufs '--json': no number; give -70 to 0 LUFS"),
        ("--tail", "2 ms", "--tail '2 ms': another unit; give 0 to 600 s"),
        ("--tempo", "fast", "--tempo 'fast': no number; give 10 to 600 BPM"),
        ("--tempo", "1 kBPM", "--tempo '1 kBPM': another unit; give 10 to 600 BPM"),
    ],
)
def test_what_is_no_number_in_this_unit_says_what_to_give(option: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        app([option, text], exit_on_error=False, print_error=False)
    assert str(caught.value) == message
