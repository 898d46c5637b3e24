"""Message specs as text: every form, its round trip, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import format_message_spec, parse_message_specs
from bridge.errors import ConfigError

CC, NOTE, BEND = MessageKind.CC, MessageKind.NOTE, MessageKind.PITCH_BEND


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cc 48", [MessageSpec(CC, 2, 48)]),
        ("cc 48-50", [MessageSpec(CC, 2, 48), MessageSpec(CC, 2, 49), MessageSpec(CC, 2, 50)]),
        ("cc 50-48", [MessageSpec(CC, 2, 50), MessageSpec(CC, 2, 49), MessageSpec(CC, 2, 48)]),
        ("cc 1,4, 7 ch 9", [MessageSpec(CC, 8, 1), MessageSpec(CC, 8, 4), MessageSpec(CC, 8, 7)]),
        ("cc 1-2,9", [MessageSpec(CC, 2, 1), MessageSpec(CC, 2, 2), MessageSpec(CC, 2, 9)]),
        ("cc14 0,33", [MessageSpec(MessageKind.CC14, 2, 0, 33)]),
        ("cc14 0-1", [MessageSpec(MessageKind.CC14, 2, 0, 32), MessageSpec(MessageKind.CC14, 2, 1, 33)]),
        ("cc14 7", [MessageSpec(MessageKind.CC14, 2, 7, 39)]),
        ("nrpn 16383", [MessageSpec(MessageKind.NRPN, 2, 16383)]),
        ("note 36-37 ch 10", [MessageSpec(NOTE, 9, 36), MessageSpec(NOTE, 9, 37)]),
        ("note 36,40 ch 1,3", [MessageSpec(NOTE, c, n) for c in (0, 2) for n in (36, 40)]),
        ("key pressure 18", [MessageSpec(MessageKind.KEY_PRESSURE, 2, 18)]),
        ("channel pressure ch 1-2", [MessageSpec(MessageKind.CHANNEL_PRESSURE, c) for c in (0, 1)]),
        ("channel pressure", [MessageSpec(MessageKind.CHANNEL_PRESSURE, 2)]),
        ("bend ch 1-8", [MessageSpec(BEND, c) for c in range(8)]),
        ("program 3 ch 10", [MessageSpec(MessageKind.PROGRAM, 9, 3)]),
        ("program", [MessageSpec(MessageKind.PROGRAM, 2, -1)]),
    ],
)
def test_a_text_stands_for_its_messages_in_order(text: str, wanted: list[MessageSpec]) -> None:
    assert parse_message_specs(text, 3) == tuple(wanted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no message"),
        ("CC 48", "no message"),
        ("cc", "which cc?"),
        ("cc 128", "cc 128 is above 127; give 0 to 127"),
        ("cc 120-130", "130 is above 127"),
        ("cc 99999999", "is no number"),
        ("cc 4,4", "4 is there twice"),
        ("cc 4,2-5", "4 is there twice"),
        ("cc 4,", "is no number"),
        ("cc 4-", "is no number"),
        ("cc 4 ch 0", "channel 0 is below 1"),
        ("cc 4 ch 17", "channel 17 is above 16"),
        ("cc 4 channel 3", "no message"),
        ("cc -4", "no message"),
        ("cc ٤", "no message"),
        ("bend 3", "bend has no number"),
        ("channel pressure 3", "channel pressure has no number"),
        ("cc14 1,2,3", "coarse and the fine"),
        ("cc14 96", "no controller 32 above it"),
        ("cc14 0-40", "coarse and fine"),
        ("nrpn 16384", "above 16383"),
        ("nrpn 0-2000", "more than 1024"),
        ("note 0-127 ch 1-16", "more than 1024"),
    ],
)
def test_what_is_no_message_is_refused_with_its_fix(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")) as caught:
        parse_message_specs(text, 1)
    assert caught.value.hint


def make_specs() -> st.SearchStrategy[MessageSpec]:
    channel, number = st.integers(0, 15), st.integers(0, 127)
    plain = st.sampled_from([CC, NOTE, MessageKind.KEY_PRESSURE, MessageKind.PROGRAM])
    pairs = st.lists(number, min_size=2, max_size=2, unique=True)
    return st.one_of(
        st.builds(MessageSpec, plain, channel, number),
        st.builds(lambda c, two: MessageSpec(MessageKind.CC14, c, *two), channel, pairs),
        st.builds(MessageSpec, st.just(MessageKind.NRPN), channel, st.integers(0, 16383)),
        st.builds(MessageSpec, st.sampled_from([BEND, MessageKind.CHANNEL_PRESSURE]), channel),
        st.builds(MessageSpec, st.just(MessageKind.PROGRAM), channel, st.just(-1)),
    )


@given(spec=make_specs(), default=st.integers(1, 16))
def test_the_text_of_a_spec_gives_it_again_whatever_the_devices_channel(spec: MessageSpec, default: int) -> None:
    assert parse_message_specs(format_message_spec(spec), default) == (spec,)


@given(text=st.text(alphabet="c14n ote,-kprsuhbd0237 ?", max_size=24))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    try:
        specs = parse_message_specs(text, 1)
    except ConfigError:
        return
    assert specs and len(set(specs)) == len(specs)
