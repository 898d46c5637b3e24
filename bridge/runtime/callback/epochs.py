"""Epochs of the callback: a discontinuity in time resets workers from its frame on.

Compiled code (see CallbackContext for the arrays).
"""

from __future__ import annotations

from bridge.runtime.callback.context import PLAYER, SEPARATES, SYNTH, CallbackContext
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import store_release
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_inlined

EVERY, EVENTS_ONLY, AFTER_GAP = range(3)  # the workers that a discontinuity resets


@callback_njit
def begin_worker_epoch(context: CallbackContext, index: int, frame: int) -> None:
    """A new epoch for worker ``index``."""
    worker = context.workers[index]
    if worker[w.EPOCH] == 0 or worker[w.ORIGIN] != frame:  # several at one frame (position, start) count once
        worker[w.LAST_ORIGIN], worker[w.LAST_FURTHER_AHEAD] = worker[w.ORIGIN], worker[w.FURTHER_AHEAD]
        worker[w.ORIGIN] = frame
        if index in (context.audio[PLAYER], context.audio[SYNTH]):
            worker[w.FURTHER_AHEAD] = context.callback_state[w.BAND_FURTHER_AHEAD]
        store_release(worker, w.EPOCH, worker[w.EPOCH] + 1)


@callback_njit_inlined
def align_origin(context: CallbackContext, index: int, frame: int) -> int:
    """The origin of an epoch of worker ``index`` that is to begin at ``frame`` of this cycle.

    That of the separation is whole hops after the start of the cycle. The declared buffering is enough only for hops
    that are aligned with cycles: with others each cycle ends in the middle of a hop, which then comes a period late.
    """
    if index != context.audio[SEPARATES]:
        return frame
    start = context.callback_state[w.CYCLE_START]
    hop = max(context.workers[index, w.HOP], 1)
    return start + (frame - start) // hop * hop  # type: ignore[no-any-return]


@callback_njit
def begin_epoch(context: CallbackContext, index: int, frame: int) -> None:
    """Reset worker ``index`` at ``frame``: its MIDI ports release sounding notes, and so does the synth it feeds."""
    begin_worker_epoch(context, index, align_origin(context, index, frame))
    if index == context.audio[PLAYER]:
        reset_synth(context, frame)
    for port in range(context.owners.size):
        if context.owners[port] == index:
            context.ports[port, w.RELEASING] = 1


@callback_njit
def reset_synth(context: CallbackContext, frame: int) -> None:
    """A new epoch for the synth at ``frame``, which drops its notes: nobody would send their note-offs."""
    if context.audio[SYNTH] >= 0:
        begin_worker_epoch(context, context.audio[SYNTH], frame)


@callback_njit_inlined
def follow_band_insert(context: CallbackContext, frame: int) -> None:
    """Begin an epoch of the player and its synth where the insert of the band has another delay than they know."""
    player, synth = context.audio[PLAYER], context.audio[SYNTH]
    if player < 0 or synth < 0 or context.workers[synth, w.ORIGIN] == frame:  # the player's must begin first
        return
    if context.workers[player, w.FURTHER_AHEAD] != context.callback_state[w.BAND_FURTHER_AHEAD]:
        begin_epoch(context, player, frame)


@callback_njit
def begin_epochs(context: CallbackContext, frame: int, which: int) -> None:
    """A new epoch at ``frame`` for every worker, for those of events only, or for those that reset after a gap."""
    for index in range(context.workers.shape[0]):
        if which == EVENTS_ONLY and index == context.audio[SEPARATES]:
            continue
        if which == AFTER_GAP and context.workers[index, w.GAP_RESETS] == 0:
            continue
        begin_epoch(context, index, frame)
