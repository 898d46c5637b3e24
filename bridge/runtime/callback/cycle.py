"""Callback cycle: reads the inputs, waits for no worker (except in freewheel), writes what is due."""

from __future__ import annotations

from bridge.runtime.callback.context import CallbackContext
from bridge.runtime.callback.control_context import ControlContext
from bridge.runtime.callback.control_input import publish_control
from bridge.runtime.callback.input import read_inputs
from bridge.runtime.callback.insert_context import InsertContext
from bridge.runtime.callback.insert_output import begin_inserts
from bridge.runtime.callback.inserted_output import write_inserted_stems, write_inserted_synth
from bridge.runtime.callback.metering import begin_metering, meter_input, meter_outputs
from bridge.runtime.callback.midi_output import write_midi
from bridge.runtime.callback.stem_output import write_stems
from bridge.runtime.callback.switch_gains import end_anticipation, update_gain_targets
from bridge.runtime.callback.synth_output import write_synth
from bridge.runtime.callback.system_calls import WAIT_TRIES, WAIT_US, post_semaphore, sleep_us
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.atomics import as_void, load_acquire
from bridge.runtime.shared.callback_jit import callback_njit, callback_njit_entry, callback_njit_inlined

STALL_FRAMES = 32768  # 0.7 s at 44.1 kHz: an engine this late has stalled


@callback_njit_inlined
def wake_workers(context: CallbackContext) -> None:
    """Post each worker's semaphore, where this system has them (see CallbackContext.wake)."""
    for index in range(context.wake.size):
        if context.wake[index] != 0:
            post_semaphore(as_void(context.wake[index]))


@callback_njit
def wait_for_workers(context: CallbackContext, now: int, frames: int) -> None:
    """Freewheel: sleep until every living worker has processed what this cycle needs.

    A cycle outputs frames before ``now + frames - delay``. They depend on the input up to there plus the engine's
    latency, that is up to ``DEADLINE`` frames ago, in whole hops from the epoch's origin.
    """
    for index in range(context.workers.shape[0]):
        worker = context.workers[index]
        origin, hop = worker[w.ORIGIN], max(worker[w.HOP], 1)
        tries = 0
        while load_acquire(worker, w.ALIVE) != 0 and tries < WAIT_TRIES:
            needed = now + frames - load_acquire(worker, w.DEADLINE) - origin  # may change while we wait
            end = origin + (needed + hop - 1) // hop * hop
            if needed <= 0 or end > now + frames:
                break
            if load_acquire(worker, w.DONE_EPOCH) == worker[w.EPOCH] and load_acquire(worker, w.PROGRESS) >= end:
                break
            sleep_us(WAIT_US)
            tries += 1


@callback_njit_entry
def write_audio_outputs(context: CallbackContext, inserts: InsertContext, now: int, frames: int) -> None:
    """Fill the audio outputs. Where no insert point is in use, nothing that is called takes ``inserts``."""
    may_be_used = load_acquire(context.state, w.INSERTS_ON) != 0 or context.callback_state[w.POINTS_IN_USE] != 0
    if may_be_used and begin_inserts(context, inserts):
        write_inserted_stems(context, inserts, now, frames)
        write_inserted_synth(context, inserts, now, frames)
    else:
        write_stems(context, now, frames)
        write_synth(context, now, frames)


@callback_njit_entry
def write_outputs(context: CallbackContext, inserts: InsertContext, now: int, frames: int) -> None:
    """Fill the audio outputs and ``out_events`` for the cycle that started at ``now``."""
    begin_metering(context)
    meter_input(context, now, frames)
    write_audio_outputs(context, inserts, now, frames)
    meter_outputs(context, frames)
    write_midi(context, now, frames, STALL_FRAMES)


@callback_njit_inlined
def read_control(control: ControlContext, now: int) -> None:
    """Hand over the control input of the cycle at ``now``, and set the targets of the gains."""
    end_anticipation(control, now)
    if publish_control(control, now) and control.requests[w.CONTROL_WAKE] != 0:
        post_semaphore(as_void(control.requests[w.CONTROL_WAKE]))
    update_gain_targets(control)


@callback_njit_entry
def cycle(context: CallbackContext, control: ControlContext, inserts: InsertContext, frames: int, raw: int) -> None:
    """One complete callback of ``frames`` at JACK's frame time ``raw``, from input buffers to output buffers."""
    now = read_inputs(context, control, frames, raw)
    read_control(control, now)
    wake_workers(context)
    if load_acquire(context.state, w.FREEWHEEL) != 0:
        wait_for_workers(context, now, frames)
    write_outputs(context, inserts, now, frames)
