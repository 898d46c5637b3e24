"""Signal checks: what comes out is finite, sounds, has no gaps, no DC, no denormals, and ends."""

from __future__ import annotations

import math

import numpy as np

from chains.checks.check import QUICK, USUAL, Check
from chains.checks.differences import compute_peak_db, find_dropouts
from chains.checks.host_session import Rendered
from chains.checks.levels import TAIL_DB, compute_dc_db, count_bad_frames, count_denormals, measure_tail, remove_dc
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.subject import SILENT_DB, Subject

HISS_DB = -90.0
"""Peak in dBFS of what may come out of silence: the noise of 16 bit."""
NOISE_DB = -60.0
"""Peak in dBFS of what comes out of silence from which on it is audible as noise."""
DC_DB = -60.0
"""DC in dBFS from which on it takes headroom and clicks at every cut."""
LITTLE_DC_DB = -90.0
TAIL_S = 10.0
"""Silence in which a tail may end: the longest that a render waits by itself."""
ENDING_S = 0.01
"""A tail that is still there in the last 10 ms has not ended."""
ENDLESS_S = 3600.0
"""A declared tail that is longer is meant as endless."""
ABOVE_FLOOR = 2.0
"""Times the peak of its noise floor up to which an output counts as ended: longer noise has higher peaks."""


def check_finite(subject: Subject) -> CheckFinding:
    """Look for NaN and infinity in the output."""
    rendered = subject.reference
    bad = max(rendered.result.bad_frames, count_bad_frames(rendered.audio))
    if bad:
        at = np.flatnonzero(~np.all(np.isfinite(rendered.audio), axis=0))
        where = f", the first at frame {at[0]:,}" if at.size else ""
        text = f"{bad:,} of {rendered.audio.shape[1]:,} frames have NaN or infinity{where}"
        return make_failure(text, "report it to the plugin's maker; do not use it in a mix", bad_frames=bad)
    return make_pass("no NaN, no infinity", bad_frames=0)


def _get_finite(subject: Subject) -> Rendered:
    rendered = subject.reference
    if rendered.result.bad_frames or count_bad_frames(rendered.audio):
        raise SkippedCheckError("the output has NaN or infinity")
    return rendered


def check_output(subject: Subject) -> CheckFinding:
    """Look whether something comes out where something goes in."""
    rendered = _get_finite(subject)
    peak_db = compute_peak_db(rendered.audio)
    what = "notes" if subject.is_instrument else "noise"
    if peak_db < SILENT_DB:
        fix = "check its parameters, licence and samples; render a longer file with sideman chain render"
        return make_failure(f"silent although {what} went in", fix, peak_db=None)
    if np.any(np.max(np.abs(rendered.audio), axis=1) == 0.0):
        return make_warning("one channel is silent", "check the layout of its members", peak_db=round(peak_db, 1))
    return make_pass(f"{what} in, peak {peak_db:.1f} dBFS out", peak_db=round(peak_db, 1))


def check_dropouts(subject: Subject) -> CheckFinding:
    """Look for runs of zeros that the input lacks."""
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has no input to compare with")
    found = find_dropouts(subject.noise, subject.sound.audio)
    if found:
        longest = max(found, key=lambda one: one.frames)
        text = f"{len(found)} gaps, the longest of {longest.frames} frames at frame {longest.at:,}"
        return make_failure(text, "a gate in the chain explains it; else report it", gaps=len(found))
    return make_pass("no gaps", gaps=0)


def check_silence(subject: Subject) -> CheckFinding:
    """Render silence after a reset."""
    peak_db = compute_peak_db(remove_dc(subject.silence.audio))
    if peak_db <= HISS_DB:
        said = "silence" if peak_db < SILENT_DB else f"noise floor {peak_db:.0f} dBFS"
        return make_pass(f"silence in, {said} out", noise_floor_db=round(peak_db, 1))
    text = f"silence in, {peak_db:.0f} dBFS out"
    if peak_db <= NOISE_DB:
        return make_warning(text, "a plugin that models hiss does this", noise_floor_db=round(peak_db, 1))
    return make_failure(text, "it generates sound; it cannot stay on a silent track", noise_floor_db=round(peak_db, 1))


def check_dc(subject: Subject) -> CheckFinding:
    """Measure DC in what comes out of silence."""
    dc_db = compute_dc_db(subject.silence.audio)
    figures = {"dc_db": round(dc_db, 1)}
    if dc_db > DC_DB:
        return make_failure(f"DC of {dc_db:.0f} dBFS without input", "put a high-pass behind it", **figures)
    if dc_db > LITTLE_DC_DB:
        return make_warning(f"DC of {dc_db:.0f} dBFS without input", "put a high-pass behind it", **figures)
    return make_pass("no DC", **figures)


def check_denormals(subject: Subject) -> CheckFinding:
    """Count denormal samples in silence that follows noise."""
    rendered = _get_finite(subject)
    quiet = subject.session.render(subject.noise, subject.settings(tail_frames=subject.rate // 2))
    count = count_denormals(quiet.audio) + count_denormals(rendered.audio)
    if count:
        text = f"{count:,} denormal samples: what follows may need many times the CPU"
        return make_warning(text, "put any plugin that removes DC behind it", denormals=count)
    return make_pass("no denormal samples", denormals=0)


def check_tail(subject: Subject) -> CheckFinding:
    """Measure how long the output goes on after the input."""
    subject.sound  # noqa: B018 - raises where nothing sounds
    end = subject.noise.shape[1]
    rendered = subject.session.render(subject.noise, subject.settings(tail_frames=int(TAIL_S * subject.rate)))
    floor = ABOVE_FLOOR * float(np.max(np.abs(subject.silence.audio), initial=0.0))
    short, long = (measure_tail(rendered.audio, end, db, floor) / subject.rate for db in TAIL_DB)
    declared = max((0.0, *(one.tail_s for one in subject.facts.members)))
    figures = {"tail_60_s": round(short, 3), "tail_90_s": round(long, 3), "declared_s": min(declared, ENDLESS_S)}
    text = f"{short:.2f} s to -60 dB, {long:.2f} s to -90 dB"
    if long > TAIL_S - ENDING_S:
        return make_warning(f"the tail does not end within {TAIL_S:.0f} s", "give the chain a tail_s", **figures)
    if declared > ENDLESS_S or not math.isfinite(declared):
        return make_warning(f"{text}, but declares an endless tail", "give the chain a tail_s", **figures)
    if 0.0 <= subject.chain.tail_s < short:
        return make_warning(f"{text}; tail_s cuts it after {subject.chain.tail_s} s", "raise tail_s", **figures)
    return make_pass(text, **figures)


SIGNAL_CHECKS = (
    Check("finite", "No NaN and no infinity comes out.", QUICK, check_finite),
    Check("output", "Something comes out where something goes in.", QUICK, check_output),
    Check("dropouts", "The output has no gaps that the input lacks.", QUICK, check_dropouts),
    Check("silence", "Silence stays silence.", QUICK, check_silence),
    Check("dc", "Nothing is added that no loudspeaker plays.", QUICK, check_dc),
    Check("denormals", "No sample slows down what follows.", QUICK, check_denormals),
    Check("tail", "The output ends, and the chain's file leaves room for it.", USUAL, check_tail),
)
