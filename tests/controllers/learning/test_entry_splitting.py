"""Entry splitting: the parts of an entry stand for its messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.controllers.learning.entry_splitting import cut_entry
from bridge.controllers.mappings.mapping import MessageKind, MessageSpec
from bridge.controllers.mappings.message_specs import parse_message_specs

MESSAGES = st.one_of(
    st.builds("cc {}-{}".format, st.integers(0, 50), st.integers(51, 60)),
    st.lists(st.integers(0, 127), min_size=1, max_size=6, unique=True).map(lambda n: f"note {','.join(map(str, n))}"),
    st.just("cc14 0-7"),
    st.just("cc14 0-3,8-9"),
    st.just("cc 3 ch 1-8"),
    st.just("bend ch 1-8"),
    st.just("note 36-43 ch 1,10"),
    st.just("channel pressure ch 2,5,3"),
    st.just("nrpn 130-140"),
)


@given(MESSAGES, st.data())
def test_the_parts_of_an_entry_stand_for_its_messages_in_their_order(midi: str, data: st.DataObject) -> None:
    specs = parse_message_specs(midi, 1)
    start = data.draw(st.integers(0, len(specs) - 1))
    stop = data.draw(st.integers(start + 1, len(specs)))
    names = [f"n{number}" for number in range(len(specs))]
    found: list[tuple[MessageSpec, str, int]] = []
    for part in cut_entry({"midi": midi, "set": names, "strip": 1}, specs, start, stop):
        messages = parse_message_specs(part["midi"], 1)
        given_names = [part["set"]] if isinstance(part["set"], str) else part["set"]
        strips = range(part["strip"], part["strip"] + len(messages))
        found += zip(messages, given_names, strips, strict=True)
    assert found == [(specs[at], names[at], at + 1) for at in range(start, stop)]


def test_a_coarse_and_fine_pair_that_is_not_the_usual_one_stays_alone() -> None:
    odd = MessageSpec(MessageKind.CC14, 0, 0, 33)
    assert [one["midi"] for one in cut_entry({"midi": ""}, [odd], 0, 1)] == ["cc14 0,33 ch 1"]
