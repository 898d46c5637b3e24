"""Comparison checks: the chain against its bypass, at other rates, and in the other host."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from chains.checks.alignment import measure_delay
from chains.checks.check import QUICK, THOROUGH, USUAL, Check
from chains.checks.differences import compute_null_db, compute_peak_db
from chains.checks.host_session import HostSession
from chains.checks.latency_checks import SMEAR_S
from chains.checks.levels import count_bad_frames
from chains.checks.member_change import change_members
from chains.checks.outcome import CheckFinding, Figure, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.parameter_choice import find_bypass
from chains.checks.repeat_checks import describe_depth, find_other_host
from chains.checks.stimuli import make_noise
from chains.checks.subject import REFERENCE_S, SILENT_DB, Subject
from chains.document.chain import Chain
from chains.document.host_choice import HOST_TITLES
from chains.process.verdict import HostVerdict, PluginError

RATES_HZ = (44_100, 48_000, 96_000)
MORE_RATES_HZ = (22_050, 88_200, 192_000)
"""Rates at the strictest level."""
LEVEL_DB = 6.0
"""Difference of the output's level between rates that a filter near half the rate does not explain."""
BYPASS_DB = -100.0
"""Null depth from which on a plugin's bypass is one."""


def check_bypass(subject: Subject) -> CheckFinding:
    """Bypass every member, then each plugin by its own parameter."""
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has nothing to pass through")
    subject.reference  # noqa: B018 - raises where nothing can be rendered
    with subject.change(bypass(subject.loadable)) as (session, _):
        depth_db = compute_null_db(subject.noise, session.render(subject.noise, subject.settings()).audio)
    figures = {"chain_db": round(depth_db, 1)}
    if depth_db > BYPASS_DB:
        text = f"with all members bypassed the output differs: {describe_depth(depth_db)}"
        return make_failure(text, "this is a fault of Sideman: report it with the chain's file", **figures)
    own_db = _bypass_by_parameters(subject)
    if own_db is None:
        return make_pass(f"all members bypassed: {describe_depth(depth_db)}", **figures)
    figures["own_parameter_db"] = round(own_db, 1)
    if own_db > BYPASS_DB:
        text = f"the plugins' own bypass differs from the input by {describe_depth(own_db)}"
        return make_warning(text, "write bypass = true in the chain's file instead", **figures)
    return make_pass(f"members bypassed and by their own parameter: {describe_depth(own_db)}", **figures)


def bypass(chain: Chain) -> Chain:
    """``chain`` with every member bypassed, and nothing on its buses."""
    return replace(change_members(chain, lambda _: {"bypass": True, "sends": {}}), buses=())


def _bypass_by_parameters(subject: Subject) -> float | None:
    """Null depth with the bypass parameter of every member on; None where one has none."""
    switches = {label: find_bypass(found) for label, found in subject.read_all(subject.session).items()}
    if (
        not switches
        or None in switches.values()
        or subject.chain.buses
        or any(m.branches for m in subject.chain.members)
    ):
        return None
    with subject.change() as (session, _):
        for label, switch in switches.items():
            if switch is not None:
                session.read_parameters(label, {switch.name: 1.0})
        return compute_null_db(subject.noise, session.render(subject.noise, subject.settings()).audio)


def check_rates(subject: Subject) -> CheckFinding:
    """Load and render the chain at other rates."""
    level_db = compute_rms_db(subject.sound.audio)
    rates = [*RATES_HZ, *(MORE_RATES_HZ if subject.level >= THOROUGH else ())]
    wrong: list[str] = []
    other: list[str] = []
    figures: dict[str, Figure] = {}
    for rate in rates:
        if rate == subject.rate:
            continue
        with subject.change(rate=rate) as (session, _):
            said, distance_db, latency = _examine_rate(subject, session, rate, level_db)
        figures[f"level_{rate}_db"] = distance_db
        figures[f"latency_{rate}_frames"] = latency
        if said:
            wrong.append(f"{said} at {rate:,} Hz")
        elif distance_db is not None and abs(distance_db) > LEVEL_DB:
            other.append(f"{distance_db:+.0f} dB at {rate:,} Hz")
    if wrong:
        return make_failure("; ".join(wrong), f"render at {subject.rate:,} Hz and convert the result", **figures)
    if other:
        text = f"level against {subject.rate:,} Hz: {'; '.join(other)}"
        return make_warning(text, "keep to the rate that the chain was made at", **figures)
    return make_pass(f"the same level and latency at {', '.join(f'{rate:,}' for rate in rates)} Hz", **figures)


def _examine_rate(
    subject: Subject, session: HostSession, rate: int, level_db: float
) -> tuple[str, float | None, int | None]:
    """What is wrong at ``rate``, the distance of its level in dB, and its latency in frames."""
    source = np.zeros((2, int(REFERENCE_S * rate)), np.float32)
    if not subject.is_instrument:
        source = make_noise(source.shape[1])
    rendered = session.render(source, subject.settings(sidechains={}))
    latency = rendered.result.latency_frames
    if rendered.result.bad_frames or count_bad_frames(rendered.audio):
        return "NaN or infinity", None, latency
    if compute_peak_db(rendered.audio) < SILENT_DB:
        return "silent", None, latency
    found = measure_delay(source, rendered.audio, source.shape[1] // 2)
    if found.is_measurable and not found.matches(0, int(SMEAR_S * rate)):
        return f"latency {latency}, measured {latency + found.peak_frames} frames", None, latency
    return "", round(compute_rms_db(rendered.audio) - level_db, 2), latency


def compute_rms_db(audio: np.ndarray) -> float:
    """RMS over all channels in dBFS, at least -240."""
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    return max(10.0 * float(np.log10(power)), -240.0) if power > 0.0 else -240.0


def check_hosts(subject: Subject) -> CheckFinding:
    """Render the same in the other host."""
    reference = subject.sound
    other = find_other_host(subject.facts)
    if not other:
        raise SkippedCheckError("its members are not all in one host")
    same_db = subject.same_db
    try:
        with subject.open_fresh(host=other) as (session, loaded):
            if {one.host for one in loaded.members} != {other}:
                raise SkippedCheckError("built-in effects and Faust code are in one host only")
            audio = session.render(subject.noise, subject.settings()).audio
    except PluginError as error:
        if error.verdict in (HostVerdict.REFUSED, HostVerdict.BLOCKED):
            raise SkippedCheckError(f"{HOST_TITLES[other]}: {error.message}") from error
        raise
    depth_db = compute_null_db(reference.audio, audio)
    figures: dict[str, Figure] = {"null_db": round(depth_db, 1), "other_host": other}
    if depth_db > same_db:
        text = f"in {HOST_TITLES[other]} it differs by {describe_depth(depth_db)}"
        return make_failure(text, f"keep to one host: --host {other} or the usual one", **figures)
    return make_pass(f"the same in {HOST_TITLES[other]}: {describe_depth(depth_db)}", **figures)


COMPARISON_CHECKS = (
    Check("bypass", "Bypassed, the chain passes its input unchanged.", QUICK, check_bypass),
    Check("rates", "It works at every usual sampling rate.", USUAL, check_rates),
    Check("hosts", "Both hosts render the same.", USUAL, check_hosts),
)
