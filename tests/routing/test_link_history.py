"""Undo and redo of connections, also where other programs changed them since."""

from __future__ import annotations

import pytest

from bridge.errors import ControlError
from bridge.routing.link_history import STEPS
from bridge.routing.scene import Scene
from tests.routing.simulated_server import DRUMS, VOCALS, PatchbayRig


@pytest.fixture
def rig() -> PatchbayRig:
    rig = PatchbayRig()
    rig.connect("sideman:vocals", "daw:vocals")
    return rig


def test_connecting_is_undone_and_done_again(rig: PatchbayRig) -> None:
    assert rig.undo() == [("cut", *link) for link in VOCALS]
    assert rig.links == set()
    assert rig.redo() == [("connected", *link) for link in VOCALS]
    assert rig.links == set(VOCALS)


def test_what_was_undone_stays_undone(rig: PatchbayRig) -> None:
    rig.undo()
    rig.wait_undone()
    rig.server.go("daw")
    rig.update()
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set()


def test_undo_makes_the_side_alone_that_was_made(rig: PatchbayRig) -> None:
    rig.connect(*DRUMS[0])
    rig.connect("sideman:drums", "daw:drums")
    rig.undo()
    assert rig.links == {*VOCALS, DRUMS[0]}


def test_steps_are_undone_in_reverse_order(rig: PatchbayRig) -> None:
    rig.connect("sideman:drums", "daw:drums")
    rig.cut("sideman:vocals", "daw:vocals")
    rig.undo()
    assert rig.links == {*VOCALS, *DRUMS}
    rig.undo()
    assert rig.links == set(VOCALS)
    rig.redo()
    rig.redo()
    assert rig.links == set(DRUMS)


def test_a_new_step_ends_what_can_be_done_again(rig: PatchbayRig) -> None:
    rig.undo()
    rig.connect("sideman:drums", "daw:drums")
    with pytest.raises(ControlError, match="nothing to do again"):
        rig.redo()


def test_without_steps_there_is_nothing_to_undo(rig: PatchbayRig) -> None:
    rig.undo()
    with pytest.raises(ControlError, match="nothing to undo"):
        rig.undo()


def test_only_the_last_steps_are_kept(rig: PatchbayRig) -> None:
    for _ in range(STEPS // 2):
        rig.connect(*DRUMS[0])
        rig.cut(*DRUMS[0])
    for _ in range(STEPS):
        rig.undo()
    with pytest.raises(ControlError, match="nothing to undo"):
        rig.undo()


def test_what_others_cut_since_is_refused_and_the_next_undo_goes_further_back(rig: PatchbayRig) -> None:
    rig.connect("sideman:drums", "daw:drums")
    rig.server.links -= set(DRUMS)
    rig.wait_undone()
    with pytest.raises(ControlError, match="connect sideman:drums to daw:drums: nothing is left to undo"):
        rig.undo()
    rig.undo()
    assert rig.links == set()


def test_what_is_left_of_a_step_is_undone(rig: PatchbayRig) -> None:
    rig.server.links.discard(VOCALS[0])
    rig.wait_undone()
    assert rig.undo() == [("cut", *VOCALS[1])]


def test_undoing_a_cut_of_a_peer_that_left_makes_it_when_it_is_back(rig: PatchbayRig) -> None:
    rig.cut("sideman:vocals", "daw:vocals")
    rig.server.go("daw")
    rig.update()
    assert rig.undo() == [("away", *link) for link in VOCALS]
    rig.come_daw()
    rig.update()
    rig.settle()
    assert rig.links == set(VOCALS)


def test_restoring_a_scene_is_one_step(rig: PatchbayRig) -> None:
    first = Scene("first", frozenset(VOCALS))
    rig.patchbay.restore(rig.server, first, rig.now_s)
    rig.patchbay.restore(rig.server, Scene("second", frozenset(DRUMS)), rig.now_s)
    assert rig.links == set(DRUMS)
    rig.undo()
    assert rig.links == set(VOCALS)
    scene = rig.patchbay.view.scene
    assert scene is not None
    assert scene.name == "first"
    rig.redo()
    assert rig.links == set(DRUMS)
