"""Clip writer: notes into a MIDI clip of Live, read back and compared.

Each range of notes is one datagram: remove what begins in the range, add the notes, answer with what is there now. So
it does no harm if a datagram comes twice, late or in another order, and it is sent again until what is read back is
right. Each range is read once more at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bridge.daw.ableton.clip_notes import (
    ALL_NOTES,
    ClipNote,
    NoteRange,
    divide_notes,
    is_equal,
    prepare_notes,
    read_notes,
)
from bridge.daw.ableton.clip_target import ClipTarget, check_target
from bridge.daw.ableton.live_client import ATTEMPTS, LiveQuery, ask, ask_until, is_same, set_value
from bridge.daw.ableton.live_procedure import Procedure, begin_anew, check_when_refused
from bridge.daw.ableton.live_protocol import LiveError, LiveMissingError, LiveRestartError
from bridge.osc.wire import Args

CLIP_MARK = "Sideman"
"""Start of the names of clips that were written here. A clip with another name is never overwritten, unless it has none
and no notes: so is a clip that was created here, until it is named."""
CREATIONS = 6
"""Tries to create a clip; each waits for it."""
APPEAR_ATTEMPTS = 4
"""Looks for a clip that is being created, before it is created again: 2.5 s."""
PASSES = 5
"""Times that all ranges are read, and those that are wrong written, before the clip is given up."""


@dataclass(frozen=True, slots=True)
class WrittenClip:
    """A clip that has been written: its notes, and in how many datagrams."""

    target: ClipTarget
    notes: int
    ranges: int


WriteProgress = Callable[[int, int], object]
"""Called with the ranges that are confirmed, and all."""


def ignore_ranges(done: int, of: int) -> None:
    """Take no notice of progress."""


def write_clip(
    target: ClipTarget,
    notes: Iterable[ClipNote],
    length: float,
    name: str,
    progress: WriteProgress = ignore_ranges,
) -> Procedure[WrittenClip]:
    """Write a looped clip of ``length`` beats, called CLIP_MARK and ``name``; from its beginning again where AbletonOSC
    was started again.

    Raises:
        ControlError: The notes are none of MIDI.
        LiveError: The slot has a clip of the user's, the track or scene is not there, the track takes no MIDI, or Live
            does not answer.
    """
    kept = prepare_notes(notes, length)
    ranges = divide_notes(kept)
    title = f"{CLIP_MARK} {name}".strip()

    def write() -> Procedure[WrittenClip]:
        yield from _check_track(target)
        yield from _prepare_clip(target, length, title)
        for done, one in enumerate(ranges):
            progress(done, len(ranges))
            yield _make_write(target, one)
        yield from _confirm(target, ranges)
        progress(len(ranges), len(ranges))
        return WrittenClip(target, len(kept), len(ranges))

    return (yield from begin_anew(lambda: check_when_refused(write(), lambda: check_target(target))))


def _check_track(target: ClipTarget) -> Procedure[None]:
    if not (yield ask("/live/track/get/has_midi_input", target.track)).values[0]:
        raise LiveError(f"track {target.track + 1} of Live takes no MIDI", "choose a MIDI track")


def _prepare_clip(target: ClipTarget, length: float, title: str) -> Procedure[None]:
    reply = yield ask("/live/clip_slot/get/has_clip", *target.ids)
    if reply.values[0]:
        name = str((yield ask("/live/clip/get/name", *target.ids)).values[0])
        if not name.startswith(CLIP_MARK) and (name or (yield _make_query(target, ALL_NOTES)).values):
            raise LiveError(
                f"slot {target.slot + 1} of track {target.track + 1} has the clip {name!r}", "choose an empty slot"
            )
    else:
        yield from _create_clip(target, length)
    yield set_value("clip", "name", title, *target.ids)
    if not reply.values[0] and is_same((yield ask("/live/clip/get/length", *target.ids)).values[0], length):
        return  # a new clip has its loop and its markers where they belong
    yield set_value("clip", "looping", True, *target.ids)
    # the end first: Live refuses an end before the start, and the start is 0 in the clips that we make
    for key, value in (("loop_end", length), ("loop_start", 0.0), ("end_marker", length), ("start_marker", 0.0)):
        yield set_value("clip", key, value, *target.ids)


def _create_clip(target: ClipTarget, length: float) -> Procedure[None]:
    """Create the clip and wait until it is there, ticks later. Live refuses a second creation, which does no harm."""
    has_clip = "/live/clip_slot/get/has_clip"
    create = ("/live/clip_slot/create_clip", (*target.ids, length))
    for left in range(CREATIONS - 1, -1, -1):
        try:
            messages = (create, (has_clip, target.ids))
            yield LiveQuery(messages, has_clip, target.ids, 1, lambda values: is_same(values[0], True), 1)
        except LiveError as error:
            _raise_final(error)
        else:
            return
        try:
            yield ask_until(has_clip, *target.ids, value=True, attempts=APPEAR_ATTEMPTS)
        except LiveError as error:
            _raise_final(error)
            if not left:
                raise
        else:
            return


def _raise_final(error: LiveError) -> None:
    if isinstance(error, LiveRestartError | LiveMissingError):
        raise error


def _matches(one: NoteRange) -> Callable[[Args], bool]:
    def accept(values: Args) -> bool:
        found = read_notes(values)
        return found is not None and is_equal(found, one.notes)

    return accept


def _make_write(target: ClipTarget, one: NoteRange) -> LiveQuery:
    ids, read = target.ids, "/live/clip/get/notes"
    add = ("/live/clip/add/notes", (*ids, *(value for note in one.notes for value in note.values)))
    messages = (
        ("/live/clip/remove/notes", (*ids, *one.area)),
        *((add,) if one.notes else ()),
        (read, (*ids, *one.area)),
    )
    return LiveQuery(messages, read, ids, 0, _matches(one), ATTEMPTS)


def _make_read(target: ClipTarget, one: NoteRange) -> LiveQuery:
    return replace(_make_query(target, one), accepts=_matches(one), attempts=3)


def _make_query(target: ClipTarget, one: NoteRange) -> LiveQuery:
    """The notes that begin in a range, whichever they are."""
    read = "/live/clip/get/notes"
    return LiveQuery(((read, (*target.ids, *one.area)),), read, target.ids, accepts=lambda v: read_notes(v) is not None)


def _confirm(target: ClipTarget, ranges: list[NoteRange]) -> Procedure[None]:
    """Read every range until all are right in one pass; write those that are not."""
    for _ in range(PASSES):
        wrong = 0
        for one in ranges:
            try:
                yield _make_read(target, one)
            except LiveError as error:
                _raise_final(error)
                wrong += 1
                yield _make_write(target, one)
        if not wrong:
            return
    raise LiveError(
        f"slot {target.slot + 1} of track {target.track + 1} changes while it is written",
        "do not edit the clip meanwhile, and try it again",
    )
