"""State check: changed parameters, saved, loaded in a new process, sound the same and read the same."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bridge.core.audio import Audio
from chains.checks.check import QUICK, Check
from chains.checks.differences import compute_null_db
from chains.checks.member_change import change_members
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.parameter_choice import choose_movable, find_meters, shift_value
from chains.checks.repeat_checks import describe_depth
from chains.checks.subject import Subject
from chains.document.chain import Member
from chains.process.messages import ParameterFacts
from chains.process.verdict import HostVerdict, PluginError

STEP = 2.0**-22
"""Tolerance of a parameter that was restored, in raw values: one float32 step of its range, after one conversion to
its unit and one back."""
NAMED = 5
"""Parameters that a finding names; more are counted."""


@dataclass(frozen=True, slots=True)
class _Capture:
    """A changed chain: its states, parameters and meters by member, and its sound."""

    states: dict[str, str]
    parameters: dict[str, tuple[ParameterFacts, ...]]
    meters: dict[str, frozenset[str]]
    audio: Audio


def check_state(subject: Subject) -> CheckFinding:
    """Change every parameter, save the state, and load it in a new process."""
    subject.sound  # noqa: B018 - raises where nothing sounds
    capture = _capture_changed(subject)
    chain = change_members(subject.loadable, lambda member: _load_state(member, capture.states))
    try:
        with subject.open_fresh(chain) as (session, _):
            restored = subject.read_all(session)
            audio = session.render(subject.noise, subject.settings()).audio
    except PluginError as error:
        if error.verdict is HostVerdict.REFUSED and not any(map(choose_movable, capture.parameters.values())):
            text = f"it refuses its own saved state, and has no parameters: {error.message}"
            return make_warning(text, "leave the state out of the chain's file")
        raise
    lost = [
        f"{label}: {text}"
        for label in capture.states
        for text in find_unrestored(capture.parameters[label], restored.get(label, ()), capture.meters[label])
    ]
    depth_db = compute_null_db(capture.audio, audio)
    figures = {"null_db": round(depth_db, 1), "not_restored": len(lost), "members": len(capture.states)}
    if lost:
        text = f"not restored: {'; '.join(lost[:NAMED])}" + (f"; {len(lost) - NAMED} more" if len(lost) > NAMED else "")
        if subject.is_comparable and depth_db <= subject.same_db:
            fix = "ignore meters; write other parameters into the chain's file beside the state"
            return make_warning(f"{text}, without effect on the sound", fix, **figures)
        return make_failure(text, "write these parameters into the chain's file beside the state", **figures)
    if not subject.is_comparable:
        return make_pass(f"every parameter restored; its own repeats differ by {subject.repeat_db:.0f} dB", **figures)
    if depth_db > subject.same_db:
        text = f"all parameters are restored, but the sound differs by {describe_depth(depth_db)}"
        return make_failure(text, "part of it is not in its state: render it once and keep the audio", **figures)
    return make_pass(f"every parameter restored, sound {describe_depth(depth_db)}", **figures)


def _capture_changed(subject: Subject) -> _Capture:
    states: dict[str, str] = {}
    plugins = [member.label for member in subject.members if member.plugin]
    if not plugins:
        raise SkippedCheckError("the chain has no plugin: its file says everything")
    with subject.change() as (session, _):
        for label in plugins:
            movable = choose_movable(session.read_parameters(label, {}).parameters)
            session.read_parameters(label, {one.name: shift_value(one) for one in movable})
        before = subject.read_all(session)
        # a plugin may take over its parameters with a block only, and its state with them
        audio = session.render(subject.noise, subject.settings()).audio
        changed = subject.read_all(session)
        for label in plugins:
            if state := session.save_state(label).state:
                states[label] = state
        if not states:
            raise SkippedCheckError("no member has a state that this host can save")
    meters = {label: find_meters(before[label], changed[label]) for label in changed}
    return _Capture(states, changed, meters, audio)


def _load_state(member: Member, states: Mapping[str, str]) -> dict[str, object]:
    """The fields of a member that loads its captured state, and nothing else."""
    if member.label not in states:
        return {}
    state = states[member.label]
    sha256 = hashlib.sha256(b64decode(state)).hexdigest()
    return {"state": state, "state_sha256": sha256, "state_file": "", "parameters": {}}


def find_unrestored(
    wanted: tuple[ParameterFacts, ...], found: tuple[ParameterFacts, ...], meters: Collection[str] = ()
) -> list[str]:
    """What differs of the parameters that a user can move, one text each: name, value wanted and found. ``meters``:
    names of those that move by themselves."""
    by_name = {one.name: one for one in found}
    texts = []
    for one in choose_movable(wanted):
        if one.name in meters:
            continue
        other = by_name.get(one.name)
        if other is None:
            texts.append(f"{one.name} is gone")
        elif abs(one.raw - other.raw) > STEP:
            texts.append(f"{one.name} {other.text or other.raw} instead of {one.text or one.raw}")
    return texts


STATE_CHECKS = (Check("state", "A saved state restores every parameter and the sound.", QUICK, check_state),)
