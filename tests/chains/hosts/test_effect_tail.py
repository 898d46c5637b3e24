"""Tests of effect tails: said for at least as long as the effect sounds."""

from __future__ import annotations

import numpy as np
import pytest

from chains.document.chain import Chain, Member, ParameterValue
from chains.hosts.effect_tail import MOST_TAIL_S, compute_echo_tail, compute_tail
from tests.chains.hosts.host_session import RATE, HostSession, make_impulse


@pytest.mark.parametrize(
    ("effect", "parameters"),
    [
        ("Delay", {"delay_seconds": 0.1, "feedback": 0.5}),
        ("Delay", {"delay_seconds": 0.3, "feedback": 0.0}),
        ("Reverb", {"room_size": 0.3}),
        ("Chorus", {"feedback": 0.5}),
        ("Compressor", {}),
    ],
)
def test_behind_its_tail_an_effect_is_60_db_down(
    hosts: HostSession, effect: str, parameters: dict[str, ParameterValue]
) -> None:
    rendered = hosts.render(
        Chain(members=(Member(effect=effect, parameters=parameters),)),
        make_impulse(RATE // 2, 100, 0.9),
        tail_frames=2 * RATE,
    )
    tail_s = rendered.loaded.members[0].tail_s
    sounding = np.abs(rendered.audio).max()
    behind = np.abs(rendered.audio[:, 100 + RATE // 100 + round(tail_s * RATE) :]).max()
    assert tail_s < 2.0
    assert behind < 0.001 * sounding


def test_an_endless_effect_says_the_longest_tail() -> None:
    assert compute_echo_tail(0.1, 1.0) == MOST_TAIL_S
    assert compute_tail("Reverb", {"freeze_mode": 1.0, "room_size": 0.5}) == MOST_TAIL_S
