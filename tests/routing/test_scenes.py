"""Scenes in a patchbay: what is made, what is cut, what waits, and what stays cut."""

from __future__ import annotations

import pytest

from bridge.routing.port_graph import Link
from bridge.routing.scene import ActiveScene, Scene
from tests.routing.simulated_server import DRUMS, VOCALS, PatchbayRig

STAGE = Scene("stage", frozenset((*DRUMS, *VOCALS)))
SYNTH: Link = ("sideman:chords", "synth:midi_in")


@pytest.fixture
def rig() -> PatchbayRig:
    return PatchbayRig()


def restore(rig: PatchbayRig, scene: Scene) -> list[tuple[str, str, str]]:
    return rig.patchbay.restore(rig.server, scene, rig.now_s)


def get_scene(rig: PatchbayRig) -> ActiveScene:
    scene = rig.patchbay.view.scene
    assert scene is not None
    return scene


def test_a_scene_makes_its_links(rig: PatchbayRig) -> None:
    assert sorted(restore(rig, STAGE)) == sorted(("connected", *link) for link in STAGE.links)
    assert rig.links == STAGE.links
    assert get_scene(rig).name == "stage"
    assert ("restored", "stage", "4 of 4") in rig.take_events()


def test_links_between_ports_that_it_names_are_cut_unless_they_are_its_own(rig: PatchbayRig) -> None:
    wrong, other = ("sideman:drums_1", "daw:vocals L"), ("daw:master L", "sideman:in_1")
    rig.connect(*wrong)
    rig.connect(*other)
    restore(rig, STAGE)
    assert rig.links == {*STAGE.links, other}


def test_links_of_the_scene_before_it_are_cut(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    restore(rig, Scene("bounce", frozenset({("daw:master L", "sideman:in_1")})))
    assert rig.links == {("daw:master L", "sideman:in_1")}
    rig.server.go("daw")
    rig.update()
    assert rig.away == {("daw:master L", "sideman:in_1")}


def test_links_whose_ports_are_missing_are_away_and_made_when_they_appear(rig: PatchbayRig) -> None:
    restored = restore(rig, Scene("stage", STAGE.links | {SYNTH}))
    assert ("away", *SYNTH) in restored
    assert rig.away == {SYNTH}
    assert ("restored", "stage", "4 of 5") in rig.take_events()
    rig.server.come_midi("synth", ins=("midi_in",))
    rig.update()
    rig.settle()
    assert SYNTH in rig.links
    assert rig.take_events() == [("restored", *SYNTH)]


def test_a_link_that_was_cut_here_stays_cut_while_the_scene_is_active(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    rig.cut("sideman:vocals", "daw:vocals")
    assert get_scene(rig).cut == set(VOCALS)
    rig.server.go("daw")
    rig.update()
    rig.come_daw()
    rig.update()
    rig.wait_for_pairs()
    assert rig.links == set(DRUMS)


def test_a_link_that_another_program_cut_stays_cut_too(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    rig.server.links -= set(VOCALS)
    rig.wait_undone()
    assert get_scene(rig).cut == set(VOCALS)
    rig.restart_server()
    rig.come_daw()
    rig.update()
    rig.wait_for_pairs()
    assert rig.links == set(DRUMS)


def test_restoring_it_again_makes_what_was_cut(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    rig.cut("sideman:vocals", "daw:vocals")
    restore(rig, STAGE)
    assert rig.links == STAGE.links
    assert get_scene(rig).cut == frozenset()


def test_a_link_that_is_connected_again_is_no_longer_cut(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    rig.cut("sideman:vocals", "daw:vocals")
    rig.connect("sideman:vocals", "daw:vocals")
    assert get_scene(rig).cut == frozenset()


def test_links_of_other_clients_are_restored_with_their_ports(rig: PatchbayRig) -> None:
    """RaySession#265: loaded without links."""
    link = ("daw:master L", "amp:in")
    rig.server.come("amp", ins=("in",))
    restore(rig, Scene("stage", frozenset({link})))
    rig.server.go("amp")
    rig.update()
    rig.server.come("amp", ins=("in",))
    rig.update()
    rig.settle()
    assert link in rig.links


def test_the_scene_of_the_last_sidecar_is_wanted_without_what_was_cut_of_it(rig: PatchbayRig) -> None:
    rig.patchbay.adopt_scene(ActiveScene("stage", STAGE.links, frozenset(VOCALS)))
    rig.settle()
    assert rig.links == set(DRUMS)
    assert get_scene(rig).cut == set(VOCALS)


def test_a_deleted_scene_is_not_active_and_its_links_stay(rig: PatchbayRig) -> None:
    restore(rig, STAGE)
    rig.patchbay.leave_scene("another")
    assert get_scene(rig).name == "stage"
    rig.patchbay.leave_scene("stage")
    rig.update()
    assert rig.patchbay.view.scene is None
    assert rig.links == STAGE.links


def test_one_side_of_a_pair_waits_for_the_other_when_a_scene_is_restored(rig: PatchbayRig) -> None:
    """non#168: the second port of a strip is not reconnected."""
    rig.server.come("strip", ins=("in_1",))
    links = frozenset({("sideman:drums_1", "strip:in_1"), ("sideman:drums_2", "strip:in_2")})
    rig.update()
    restore(rig, Scene("stage", links))
    assert rig.links == set()
    rig.server.come("strip", ins=("in_2",))
    rig.update()
    rig.settle()
    assert rig.links == links
