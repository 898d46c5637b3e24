"""Inserted output of the callback: stems, mix and band while an insert point is in use.

Compiled code. What it does beside `write_stems` and `write_synth` is in `insert_output`. Where no point is in use, the
callback calls none of these functions, and none that takes the insert context, whose arrays go on the stack.
"""

from __future__ import annotations

from bridge.core.audio import CHANNELS
from bridge.runtime.callback.audio_output import fade_rows, write_ping
from bridge.runtime.callback.context import SYNTH, CallbackContext
from bridge.runtime.callback.insert_context import (
    BAND_GROUP,
    GROUP_DELAY,
    GROUP_LEVEL,
    MIX_GROUP,
    STEM_GROUP,
    InsertContext,
)
from bridge.runtime.callback.insert_output import fade_insert_delay, is_new_delay_due, pass_inserts, prepare_inserts
from bridge.runtime.callback.metering import meter_stems
from bridge.runtime.callback.stem_output import COUNT, MIX, fill_stems, finish_stems, mix_stems, update_stem_delay
from bridge.runtime.callback.synth_output import BAND, fill_synth
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.callback_jit import callback_njit


@callback_njit
def pass_stem_inserts(context: CallbackContext, inserts: InsertContext, frames: int, towards: int) -> None:
    """Pass the stems through their insert points; what is sent fades ``towards`` 0 or FADE_FRAMES."""
    own = context.callback_state
    own[w.SEND_LEVEL] = fade_rows(context, 0, COUNT * CHANNELS, frames, own[w.SEND_LEVEL], towards)
    pass_inserts(context, inserts, STEM_GROUP, 0, frames)


@callback_njit
def write_inserted_stems(context: CallbackContext, inserts: InsertContext, now: int, frames: int) -> None:
    """Fill the outputs of stems and mix for the cycle at stream frame ``now``.

    Around a change of delay all outputs fade to silence within 64 frames, and back, against clicks. A change before an
    insert point is faded in its input too.
    """
    state, own, groups = context.state, context.callback_state, inserts.groups
    is_sent = prepare_inserts(state, inserts, STEM_GROUP, own[w.DELAY_CHANGE_FADE])
    sends_towards = update_stem_delay(context, is_sent)
    first = now - state[w.DELAY_NOW]
    fill_stems(context, first, frames)
    if is_sent:
        pass_stem_inserts(context, inserts, frames, sends_towards)
    towards = 0 if is_new_delay_due(inserts, STEM_GROUP) else sends_towards
    meter_stems(context, frames)
    mix_stems(context, frames)
    if prepare_inserts(state, inserts, MIX_GROUP, groups[MIX_GROUP, GROUP_LEVEL]):
        fade_rows(context, MIX * CHANNELS, CHANNELS, frames, own[w.DELAY_CHANGE_FADE], towards)
        pass_inserts(context, inserts, MIX_GROUP, MIX * CHANNELS, frames)
    mix_delay = groups[MIX_GROUP, GROUP_DELAY]
    finish_stems(context, first - groups[STEM_GROUP, GROUP_DELAY], mix_delay, frames, towards)
    fade_insert_delay(context, inserts, MIX_GROUP, MIX * CHANNELS, frames, False)


@callback_njit
def request_further_ahead(context: CallbackContext, inserts: InsertContext) -> bool:
    """Let a synth that runs ahead do so by the delay of its insert too, from its next epoch on.

    By the delay that is in force, not the one that is set: else sound would come out too early until that applies.
    Returns whether the sound that goes into the insert is still that of another delay.
    """
    index, own = context.audio[SYNTH], context.callback_state
    if index < 0 or context.workers[index, w.LATENCY] >= 0:
        return False
    own[w.BAND_FURTHER_AHEAD] = inserts.groups[BAND_GROUP, GROUP_DELAY]
    worker = context.workers[index]
    wanted = worker[w.DEADLINE] + worker[w.LATENCY] - own[w.BAND_FURTHER_AHEAD]
    return own[w.BAND_DELAY] != wanted  # type: ignore[no-any-return]


@callback_njit
def write_inserted_synth(context: CallbackContext, inserts: InsertContext, now: int, frames: int) -> None:
    """Fill the band's outputs for the cycle at stream frame ``now``."""
    first = fill_synth(context, now, frames)
    if prepare_inserts(context.state, inserts, BAND_GROUP, inserts.groups[BAND_GROUP, GROUP_LEVEL]):
        pass_inserts(context, inserts, BAND_GROUP, BAND * CHANNELS, frames)
    # later than `now` for the cycles in which only one of the two delays is the new one
    write_ping(context, BAND, min(first - inserts.groups[BAND_GROUP, GROUP_DELAY], now), frames)
    is_awaited = request_further_ahead(context, inserts)
    fade_insert_delay(context, inserts, BAND_GROUP, BAND * CHANNELS, frames, is_awaited)
