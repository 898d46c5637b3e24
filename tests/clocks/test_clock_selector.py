"""Clock selector: one leader, the first that runs, no to and fro."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clocks.clock_selector import HOLD_S, TAKEOVER_S, ClockSelector
from bridge.clocks.clock_source import SourceState
from bridge.core.clock import AUTO, AUTO_ORDER, CLOCK_SOURCES, INTERNAL, JACK_CLOCK, LINK, MIDI_CLOCK, TIME_CODE
from bridge.core.time import BlockTime

TITLES = {name: f"the {name}" for name in AUTO_ORDER}
RUNS = SourceState(BlockTime(0, 48000, rolling=True), True)
STANDS = SourceState(BlockTime(0, 48000), True)
GONE = SourceState(BlockTime(0, 48000), False)


def make_states(runs: AbstractSet[str] = frozenset(), stands: AbstractSet[str] = frozenset()) -> dict[str, SourceState]:
    return {name: RUNS if name in runs else STANDS if name in stands else GONE for name in AUTO_ORDER}


def test_nothing_runs_and_nothing_leads() -> None:
    assert ClockSelector(TITLES).select(AUTO, make_states(stands={INTERNAL, JACK_CLOCK}), 0.0).leader == ""


@pytest.mark.parametrize("name", AUTO_ORDER)
def test_what_runs_alone_leads_at_once(name: str) -> None:
    choice = ClockSelector(TITLES).select(AUTO, make_states({name}), 0.0)
    assert (choice.leader, choice.reason) == (name, f"the {name} runs, nothing else did")


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in pairwise(reversed(AUTO_ORDER)) if pair[1] != JACK_CLOCK]
)
def test_what_comes_first_takes_over_once_it_has_run_for_a_while(before: str, after: str) -> None:
    selector = ClockSelector(TITLES)
    selector.select(AUTO, make_states({before}), 0.0)
    assert selector.select(AUTO, make_states({before, after}), 1.0).leader == before
    assert selector.select(AUTO, make_states({before}), 1.0 + 0.9 * TAKEOVER_S).leader == before
    assert selector.select(AUTO, make_states({before, after}), 2.0).leader == before
    choice = selector.select(AUTO, make_states({before, after}), 2.0 + TAKEOVER_S)
    assert choice.leader == after
    assert choice.reason == f"the {after} runs, and comes before the {before}"


@pytest.mark.parametrize("leader", AUTO_ORDER[1:])
def test_jack_s_transport_takes_over_at_once_as_in_the_callback(leader: str) -> None:
    selector = ClockSelector(TITLES)
    selector.select(AUTO, make_states({leader}), 0.0)
    assert selector.select(AUTO, make_states({leader, JACK_CLOCK}), 0.02).leader == JACK_CLOCK


def test_one_that_stopped_leads_on_for_a_while_and_one_that_is_gone_does_not() -> None:
    selector = ClockSelector(TITLES)
    selector.select(AUTO, make_states({MIDI_CLOCK}), 0.0)
    stopped = make_states({TIME_CODE}, {MIDI_CLOCK})
    assert selector.select(AUTO, stopped, 1.0).leader == MIDI_CLOCK
    assert selector.select(AUTO, make_states({TIME_CODE, MIDI_CLOCK}), 1.5).leader == MIDI_CLOCK
    assert selector.select(AUTO, stopped, 2.0).leader == MIDI_CLOCK
    choice = selector.select(AUTO, stopped, 2.0 + HOLD_S)
    assert (choice.leader, choice.reason) == (TIME_CODE, "the mtc runs, and the midi has stopped")
    assert selector.select(AUTO, make_states({INTERNAL}), 3.1).leader == INTERNAL


def test_what_the_user_wants_leads_whether_it_runs_or_not() -> None:
    selector = ClockSelector(TITLES)
    choice = selector.select(LINK, make_states({JACK_CLOCK, MIDI_CLOCK}), 0.0)
    assert (choice.leader, choice.reason) == (LINK, "clock.source is link")
    assert selector.select(AUTO, make_states({JACK_CLOCK}), 1.0).leader == JACK_CLOCK


LOOK = st.tuples(st.sampled_from(CLOCK_SOURCES), st.frozensets(st.sampled_from(AUTO_ORDER)), st.floats(0.005, 2.0))


@given(st.lists(LOOK, max_size=60))
@settings(deadline=None)
def test_whatever_comes_and_goes_each_change_has_a_reason_and_only_a_better_source_replaces_one_that_runs(
    looks: list[tuple[str, frozenset[str], float]],
) -> None:
    selector, now_s = ClockSelector(TITLES), 0.0
    leader = ""
    for wanted, running, step_s in looks:
        now_s += step_s
        choice = selector.select(wanted, make_states(running, {INTERNAL}), now_s)
        if wanted != AUTO:
            assert choice.leader == wanted
        elif choice.leader != leader:
            assert choice.leader in running or choice.leader == ""
            if leader in running:
                assert AUTO_ORDER.index(choice.leader) < AUTO_ORDER.index(leader)
        if choice.leader != leader:
            assert choice.reason
        leader = choice.leader
