"""Restoring: links come back with their ports, whole pairs together, and what the user cut stays cut."""

from __future__ import annotations

import pytest

from bridge.routing.wanted_links import PAIR_S, SETTLE_S, UNDONE_S
from tests.routing.simulated_server import DAW_INS, DRUMS, VOCALS, PatchbayRig


@pytest.fixture
def rig() -> PatchbayRig:
    rig = PatchbayRig()
    rig.connect("sideman:vocals", "daw:vocals")
    rig.take_events()
    return rig


def test_links_are_away_while_their_peer_is_and_restored_with_it(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    assert rig.away == set(VOCALS)
    assert rig.take_events() == [("away", *link) for link in VOCALS]
    rig.come_daw()
    rig.update()
    assert rig.links == set()
    assert set(rig.settle()) == rig.links == set(VOCALS)
    assert rig.away == set()
    assert rig.take_events() == [("restored", *link) for link in VOCALS]


def test_a_peer_that_comes_back_between_two_looks_gets_its_links(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_links_are_restored_after_the_last_port_came(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    for name in DAW_INS:
        rig.server.come("daw", ins=(name,))
        rig.update(SETTLE_S / 2)
        assert rig.links == set()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_ports_of_others_that_come_and_go_do_not_hold_it_up(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    rig.come_daw()
    rig.update()
    rig.server.come("noisy", outs=("out",))
    rig.update(SETTLE_S)
    assert rig.links == set(VOCALS)


def test_one_side_of_a_pair_waits_for_the_other(rig: PatchbayRig) -> None:
    """HoustonPatchbay#30: half of a pair is missing."""
    rig.server.go("daw")
    rig.update()
    rig.server.come("daw", ins=("vocals L",))
    rig.update()
    rig.settle()
    assert rig.links == set()
    rig.server.come("daw", ins=("vocals R",))
    rig.update()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_a_side_whose_other_never_comes_is_restored_alone(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    rig.server.come("daw", ins=("vocals L",))
    rig.update()
    assert rig.update(PAIR_S) == [VOCALS[0]]
    assert rig.away == {VOCALS[1]}


def test_a_link_that_another_program_cut_is_forgotten_after_a_second(rig: PatchbayRig) -> None:
    rig.server.links.discard(VOCALS[0])
    rig.update()
    rig.update(UNDONE_S / 2)
    assert rig.take_events() == []
    rig.update(UNDONE_S)
    assert rig.take_events() == [("cut", *VOCALS[0])]
    rig.server.go("daw")
    rig.update()
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == {VOCALS[1]}


def test_a_peer_that_loses_its_links_a_moment_before_its_ports_gets_them_back(rig: PatchbayRig) -> None:
    rig.server.links.clear()
    rig.update()
    rig.update(UNDONE_S / 2)
    rig.server.go("daw")
    rig.update()
    assert rig.take_events() == [("away", *link) for link in VOCALS]
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_a_peer_that_is_not_active_yet_is_tried_again(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    rig.come_daw()
    rig.server.refused.update(("daw:vocals L", "daw:vocals R"))
    rig.update()
    assert rig.settle() == []
    rig.server.refused.clear()
    assert set(rig.update()) == set(VOCALS)


def test_a_client_of_another_name_is_another_client(rig: PatchbayRig) -> None:
    rig.server.go("daw")
    rig.update()
    rig.server.come("daw-01", ins=DAW_INS)
    rig.update()
    rig.wait_for_pairs()
    assert rig.links == set()
    assert rig.away == set(VOCALS)


def test_everything_is_restored_on_a_server_that_was_restarted(rig: PatchbayRig) -> None:
    """qpwgraph#70: dead after the server restarts."""
    rig.restart_server()
    assert rig.away == set(VOCALS)
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_links_of_others_are_wanted_if_they_were_made_here(rig: PatchbayRig) -> None:
    """qpwgraph#24: not restored at hot-plug."""
    ours, theirs = ("daw:master L", "amp:in_1"), ("daw:master R", "amp:in_2")
    rig.server.come("amp", ins=("in_1", "in_2"))
    rig.connect(*ours)
    rig.server.links.add(theirs)
    rig.update()
    rig.server.go("amp")
    rig.update()
    rig.server.come("amp", ins=("in_1", "in_2"))
    rig.update()
    rig.wait_for_pairs()
    assert rig.links == {ours, *VOCALS}


def test_links_of_a_measurement_are_not_wanted(rig: PatchbayRig) -> None:
    rig.server.come("sideman-measure-return", ins=("mix_1",))
    rig.server.links.add(("sideman:drums_1", "sideman-measure-return:mix_1"))
    rig.update()
    rig.server.go("sideman-measure-return")
    rig.update()
    assert rig.away == set()
    assert rig.take_events() == []


def test_a_link_that_waits_for_its_port_can_be_cut(rig: PatchbayRig) -> None:
    rig.connect("sideman:drums", "daw:drums")
    rig.server.go("daw")
    rig.update()
    rig.cut("sideman:vocals", "daw:vocals")
    assert rig.away == set(DRUMS)
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set(DRUMS)
