"""Clip writer against the model of AbletonOSC, in virtual time."""

from __future__ import annotations

import random
from concurrent.futures import Future

import pytest

from bridge.daw.ableton.clip_notes import ClipNote, is_equal, prepare_notes
from bridge.daw.ableton.clip_target import ClipTarget
from bridge.daw.ableton.clip_writer import WrittenClip, write_clip
from bridge.daw.ableton.live_procedure import Procedure
from bridge.daw.ableton.live_protocol import FAILURE, MOST_NOTES, LiveError
from bridge.errors import ControlError
from tests.daw.ableton.live_model import LiveModel, ModelClip
from tests.daw.ableton.virtual_live import VirtualLive

TARGET = ClipTarget(0, 2)


def make_notes(count: int, length: float, seed: int = 1) -> list[ClipNote]:
    """Notes at times that 32 bits do not hold exactly."""
    dice = random.Random(seed)
    return [
        ClipNote(dice.random() * length, dice.randrange(128), dice.random(), dice.randrange(1, 128))
        for _ in range(count)
    ]


def assert_written(live: VirtualLive, notes: list[ClipNote], length: float, target: ClipTarget = TARGET) -> None:
    clip = live.model.get_clip(*target.ids)
    assert is_equal(clip.notes, prepare_notes(notes, length))
    assert clip.values["loop_end"] == length


def test_notes_arrive_in_a_clip_that_is_created_ticks_later() -> None:
    live = VirtualLive(model=LiveModel(clip_ticks=7))
    notes = make_notes(20, 16.0)
    written = live.run(write_clip(TARGET, notes, 16.0, "Bass"))
    assert written == WrittenClip(TARGET, len(prepare_notes(notes, 16.0)), 1)
    assert_written(live, notes, 16.0)
    assert live.model.get_clip(*TARGET.ids).values["name"] == "Sideman Bass"


def test_no_datagram_has_more_notes_than_one_can_carry() -> None:
    live = VirtualLive()
    notes = make_notes(2000, 64.0)
    written = live.run(write_clip(TARGET, notes, 64.0, "Keys"))
    assert written.ranges > 7
    assert_written(live, notes, 64.0)
    added = [args for address, args in live.model.received if address == "/live/clip/add/notes"]
    assert max(len(args) - 2 for args in added) <= 5 * MOST_NOTES
    assert len(added) == written.ranges


@pytest.mark.parametrize(("seed", "share"), [*((seed, 0.05) for seed in range(6)), (6, 0.15), (7, 0.15)])
def test_all_that_is_confirmed_arrives_through_a_network_with_faults(seed: int, share: float) -> None:
    live = VirtualLive(share, seed)
    if seed % 2:  # another program asks for what is not there, again and again
        live.on_step.append(lambda _: live.model.send((FAILURE, ("list index out of range",))))
    for number in range(3):
        notes = make_notes(600, 32.0, 100 * seed + number)
        target = ClipTarget(number % 2, number)
        live.run(write_clip(target, notes, 32.0, "Part"))
        live.pass_time(1.0)  # what is still on the way arrives, and changes nothing
        assert_written(live, notes, 32.0, target)
    assert sum(live.to_live.faults.values()) > 3


def test_a_restart_of_abletonosc_in_the_middle_begins_the_clip_anew() -> None:
    live = VirtualLive()
    notes = make_notes(1500, 64.0)
    future = live.start(write_clip(TARGET, notes, 64.0, "Keys"))
    while len([one for one in live.model.received if one[0] == "/live/clip/add/notes"]) < 3:
        live.step()
    live.model.tracks[0].slots[2] = None  # the set was loaded again, without the clip
    live.restart()
    live.restart()  # the message comes twice
    while not future.done():
        live.step()
    assert future.result().ranges > 3
    assert live.client.restarts == 1
    assert_written(live, notes, 64.0)


@pytest.mark.parametrize("messages", range(1, 12))
def test_a_restart_at_any_moment_leaves_the_clip_ours(messages: int) -> None:
    live = VirtualLive()
    notes = make_notes(300, 16.0)
    future = live.start(write_clip(TARGET, notes, 16.0, "Keys"))
    while len(live.model.received) < messages:
        live.step()
    live.restart()
    while not future.done():
        live.step()
    assert future.result().notes == len(prepare_notes(notes, 16.0))
    assert_written(live, notes, 16.0)


def test_an_unnamed_clip_with_notes_is_the_users_and_one_without_is_free() -> None:
    live = VirtualLive()
    live.model.tracks[0].slots[2] = ModelClip(8.0, [ClipNote(0.0, 127, 1.0)])
    with pytest.raises(LiveError, match="slot 3 of track 1 has the clip ''"):
        live.run(write_clip(TARGET, [], 4.0, "Bass"))
    live.model.tracks[0].slots[2] = ModelClip(8.0)
    live.run(write_clip(TARGET, [ClipNote(0.0, 60, 1.0)], 4.0, "Bass"))
    assert_written(live, [ClipNote(0.0, 60, 1.0)], 4.0)


def test_notes_of_an_earlier_clip_go_and_other_pitches_too() -> None:
    live = VirtualLive()
    live.run(write_clip(TARGET, [ClipNote(1.0, 127, 1.0), ClipNote(2.0, 0, 1.0)], 8.0, "Bass"))
    live.run(write_clip(TARGET, [ClipNote(0.0, 60, 1.0)], 4.0, "Bass"))
    assert [note.pitch for note in live.model.get_clip(*TARGET.ids).notes] == [60]
    assert live.model.get_clip(*TARGET.ids).values["loop_end"] == 4.0
    live.run(write_clip(TARGET, [], 4.0, "Bass"))
    assert live.model.get_clip(*TARGET.ids).notes == []


def test_a_clip_of_the_user_is_never_overwritten() -> None:
    live = VirtualLive()
    own = ModelClip(4.0, [ClipNote(0.0, 40, 1.0)], {"name": "my riff"})
    live.model.tracks[0].slots[2] = own
    with pytest.raises(LiveError, match="slot 3 of track 1 has the clip 'my riff'"):
        live.run(write_clip(TARGET, [ClipNote(0.0, 60, 1.0)], 4.0, "Bass"))
    assert own.notes == [ClipNote(0.0, 40, 1.0)]


def test_an_audio_track_is_refused() -> None:
    live = VirtualLive()
    with pytest.raises(LiveError, match="track 3 of Live takes no MIDI"):
        live.run(write_clip(ClipTarget(2, 0), [], 4.0, ""))


@pytest.mark.parametrize(
    ("target", "said"),
    [(ClipTarget(9, 0), "Live has no track 10; it has 1 Bass, 2 Keys, 3 Gesang"), (ClipTarget(0, 8), "no scene 9")],
)
def test_a_slot_that_is_not_there_is_said_at_once_with_those_that_there_are(target: ClipTarget, said: str) -> None:
    live = VirtualLive()
    begin_s = live.now_s
    with pytest.raises(LiveError, match=said):
        live.run(write_clip(target, [], 4.0, ""))
    assert live.now_s - begin_s < 2.0
    live.is_running = False
    with pytest.raises(LiveError, match="tries; is Live running"):  # the error was about something earlier
        live.run(write_clip(ClipTarget(0, 0), [], 4.0, ""))


def test_a_track_that_is_deleted_while_it_is_written_is_said_at_once() -> None:
    live = VirtualLive()
    future = live.start(write_clip(ClipTarget(1, 0), make_notes(1500, 64.0), 64.0, "Keys"))
    while not any(address == "/live/clip/add/notes" for address, _ in live.model.received):
        live.step()
    del live.model.tracks[1:]
    deleted_s = live.now_s
    with pytest.raises(LiveError, match="Live has no track 2; it has 1 Bass"):
        live.run(_wait_for(future))
    assert live.now_s - deleted_s < 2.0


def _wait_for(future: Future[WrittenClip]) -> Procedure[WrittenClip]:
    while not future.done():
        yield 0.0
    return future.result()


def test_a_clip_that_somebody_edits_meanwhile_is_reported() -> None:
    live = VirtualLive()

    def edit(now_s: float) -> None:
        clip = live.model.tracks[0].slots[2]
        if clip is not None and clip.notes:
            clip.notes.append(ClipNote(0.5, 50 + int(now_s * 100) % 50, 0.1))

    live.on_step.append(edit)
    with pytest.raises(LiveError):
        live.run(write_clip(TARGET, [ClipNote(0.0, 60, 1.0)], 4.0, "Bass"))


def test_notes_that_are_no_midi_are_refused_before_anything_is_sent() -> None:
    live = VirtualLive()
    for wrong in (ClipNote(0.0, 128, 1.0), ClipNote(0.0, 60, 1.0, 0.0)):
        with pytest.raises(ControlError, match="no note of MIDI"):
            live.run(write_clip(TARGET, [wrong], 4.0, ""))
    assert live.model.received == []


def test_a_procedure_of_two_clips_keeps_their_answers_apart() -> None:
    live = VirtualLive(0.05, 3)
    notes = {slot: make_notes(300, 16.0, slot) for slot in range(4)}

    def write(slot: int) -> Procedure[WrittenClip]:
        return write_clip(ClipTarget(0, slot), notes[slot], 16.0, str(slot))

    futures = [live.start(write(slot)) for slot in notes]
    while not all(future.done() for future in futures):
        live.step()
    for slot, wanted in notes.items():
        assert futures[slot].result().notes == len(prepare_notes(wanted, 16.0))
        assert_written(live, wanted, 16.0, ClipTarget(0, slot))
