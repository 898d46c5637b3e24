"""Patchbay: connecting and cutting ports and pairs of any client, and what it refuses."""

from __future__ import annotations

import pytest

from bridge.errors import ControlError
from tests.routing.simulated_server import DRUMS, VOCALS, PatchbayRig


@pytest.fixture
def rig() -> PatchbayRig:
    return PatchbayRig()


def test_a_pair_is_connected_left_to_left_and_right_to_right(rig: PatchbayRig) -> None:
    assert rig.connect("sideman:vocals", "daw:vocals") == [("connected", *link) for link in VOCALS]
    assert rig.links == set(VOCALS)


def test_ports_of_other_clients_are_connected_and_cut(rig: PatchbayRig) -> None:
    rig.server.come("system", ins=("playback_1", "playback_2"))
    rig.connect("daw:master", "system:playback")
    link = ("daw:master L", "system:playback_1")
    assert link in rig.links
    assert rig.cut(*link) == [("cut", *link)]
    assert rig.links == {("daw:master R", "system:playback_2")}


def test_a_half_pair_is_made_whole(rig: PatchbayRig) -> None:
    rig.connect(*VOCALS[0])
    assert rig.connect("sideman:vocals", "daw:vocals") == [("connected", *VOCALS[1])]


def test_a_port_goes_to_both_channels_of_a_pair_and_a_pair_into_one_port(rig: PatchbayRig) -> None:
    rig.server.come("amp", outs=("mono",), ins=("mono in",))
    rig.connect("amp:mono", "daw:vocals")
    rig.connect("sideman:drums", "amp:mono in")
    assert rig.links == {
        ("amp:mono", "daw:vocals L"), ("amp:mono", "daw:vocals R"),
        ("sideman:drums_1", "amp:mono in"), ("sideman:drums_2", "amp:mono in"),
    }  # fmt: skip


def test_cutting_a_pair_cuts_crossed_links_too(rig: PatchbayRig) -> None:
    rig.connect("sideman:drums_1", "daw:drums R")
    rig.connect("sideman:drums_2", "daw:drums L")
    rig.cut("sideman:drums", "daw:drums")
    assert rig.links == set()


def test_where_one_side_is_refused_the_other_is_taken_back(rig: PatchbayRig) -> None:
    """qpwgraph#20: one side of a pair goes elsewhere."""
    rig.server.refused.add("daw:drums R")
    with pytest.raises(ControlError, match="sideman:drums_2 > daw:drums R: refused"):
        rig.connect("sideman:drums", "daw:drums")
    assert rig.links == set()
    assert rig.away == set()
    with pytest.raises(ControlError, match="nothing to undo"):
        rig.undo()


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        ("sideman:vocal_1", "daw:vocals L", "no output port is named sideman:vocal_1; nearest: sideman:vocals_1"),
        ("sideman:vocals_1", "daw:vocal", "no input port is named daw:vocal; nearest: daw:vocals"),
        ("sideman:in_1", "daw:vocals L", "sideman:in_1 is an input and cannot be a source"),
        ("sideman:in", "daw:vocals", "sideman:in is an input and cannot be a source"),
        ("sideman:vocals", "daw:master", "daw:master is an output and cannot be a destination"),
        ("sideman:vocals_1", "daw:keys", "sideman:vocals_1 is audio and daw:keys is midi"),
        ("sideman:drums", "daw:drums", "sideman:drums is connected to daw:drums already"),
    ],
)
def test_what_cannot_be_connected_is_refused_with_a_reason(
    rig: PatchbayRig, source: str, destination: str, message: str
) -> None:
    rig.connect("sideman:drums", "daw:drums")
    with pytest.raises(ControlError) as refused:
        rig.connect(source, destination)
    assert str(refused.value).startswith(message)
    assert rig.links == set(DRUMS)


def test_what_is_not_connected_cannot_be_cut(rig: PatchbayRig) -> None:
    with pytest.raises(ControlError, match="sideman:drums is not connected to daw:drums"):
        rig.cut("sideman:drums", "daw:drums")


def test_midi_is_connected_like_audio(rig: PatchbayRig) -> None:
    rig.connect("sideman:chords", "daw:keys")
    assert rig.links == {("sideman:chords", "daw:keys")}


def test_each_change_is_an_event_once(rig: PatchbayRig) -> None:
    rig.connect(*VOCALS[0])
    rig.server.links.add(DRUMS[0])  # another program
    rig.update()
    rig.update()
    rig.cut(*VOCALS[0])
    rig.update()
    assert rig.take_events() == [("connected", *VOCALS[0]), ("connected", *DRUMS[0]), ("cut", *VOCALS[0])]


def test_links_that_were_there_at_the_start_are_no_events() -> None:
    rig = PatchbayRig()
    rig.server.links.update(DRUMS)
    late = PatchbayRig()
    late.patchbay, late.server = type(late.patchbay)("sideman"), rig.server
    late.update()
    assert late.take_events() == []
    assert late.patchbay.view.own_links == set(DRUMS)


def test_a_view_stays_the_same_object_while_nothing_changes(rig: PatchbayRig) -> None:
    view, graph = rig.patchbay.view, rig.server.read()
    rig.server.read = lambda: graph  # type: ignore[method-assign]
    rig.update()
    view = rig.patchbay.view
    rig.update()
    assert rig.patchbay.view is view


def test_a_cut_that_the_server_shows_late_is_a_cut(rig: PatchbayRig) -> None:
    rig.connect(*VOCALS[0])
    rig.take_events()
    rig.server.shown = frozenset(rig.links)
    rig.cut(*VOCALS[0])
    rig.update()
    rig.server.shown = None
    rig.update()
    rig.wait_undone()
    assert rig.take_events() == [("cut", *VOCALS[0])]
    rig.server.go("daw")
    rig.update()
    assert rig.away == set()


def test_a_connection_that_the_server_shows_late_is_connected_once(rig: PatchbayRig) -> None:
    rig.server.shown = frozenset()
    rig.connect(*VOCALS[0])
    rig.update()
    rig.server.shown = None
    rig.update()
    assert [event for event, *_ in rig.take_events()] == ["connected"]


def test_what_is_connected_again_right_after_a_cut_is_wanted(rig: PatchbayRig) -> None:
    rig.connect(*VOCALS[0])
    rig.cut(*VOCALS[0])
    rig.update()
    rig.server.links.add(VOCALS[0])  # another program
    rig.update()
    rig.server.go("daw")
    rig.update()
    assert rig.away == {VOCALS[0]}
