"""Capture: from an installed plugin to a member of a chain: identity, layout, state, parameters, latency."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from chains.checks.host_session import LARGEST_BLOCK_FRAMES, HostSession, RenderSettings, SessionFactory
from chains.checks.parameter_choice import choose_movable, find_meters
from chains.checks.state_checks import NAMED, STEP, find_unrestored
from chains.checks.stimuli import make_noise
from chains.document.chain import Chain, Member, ParameterValue
from chains.document.host_choice import HOST_TITLES
from chains.document.parameter_fingerprint import compute_fingerprint
from chains.process.messages import MemberFacts, MidiNote, ParameterFacts
from chains.process.verdict import HostVerdict, PluginError

RATE = 48_000
"""Rate in Hz at which the latency is captured, as chain files have it."""


@dataclass(frozen=True, slots=True)
class MemberCapture:
    """A member as it was captured, and sentences on what it does not contain."""

    member: Member
    remarks: tuple[str, ...]


def capture_member(
    open_session: SessionFactory, host: str, member: Member, settings: Mapping[str, ParameterValue]
) -> MemberCapture:
    """Load the plugin of ``member``, with its state where it has one, set ``settings`` by name, and capture the result.

    What was captured is loaded in a fresh process and compared; differences are in the remarks.

    Raises:
        PluginError: It cannot be loaded, or refuses a state or value.
    """
    session = open_session(host)
    try:
        captured, parameters, meters, remarks = _capture(session, member, settings)
    finally:
        session.close()
    session = open_session(host)
    try:
        captured, more = _compare(session, captured, parameters, meters)
    finally:
        session.close()
    return MemberCapture(captured, (*remarks, *more))


def _capture(
    session: HostSession, member: Member, settings: Mapping[str, ParameterValue]
) -> tuple[Member, tuple[ParameterFacts, ...], frozenset[str], list[str]]:
    """The captured member, all its parameters, the names of its meters, and remarks."""
    plain = replace(member, parameters={}, state="", state_file="", state_sha256="", latency_frames=-1)
    session.load(Chain(members=(plain,)), RATE)
    defaults = session.read_parameters(member.label, {}).parameters
    _play(session, plain)
    meters = find_meters(defaults, session.read_parameters(member.label, {}).parameters)

    wanted = replace(plain, state=member.state, state_sha256=member.state_sha256, parameters=dict(settings))
    facts = session.load(Chain(members=(wanted,)), RATE).members[0]
    # a state that is saved before the first block is that of the defaults
    _play(session, plain)
    answer = session.read_parameters(member.label, {})
    state = session.save_state(member.label).state
    values, remarks = _describe_changes(session, member.label, defaults, answer.parameters, meters, bool(state))
    if not state:
        host = HOST_TITLES.get(facts.host, facts.host)
        remarks.append(f"{host} saves no state of {_name_format(plain)}: its parameters alone are captured")
    captured = replace(
        plain,
        plugin=facts.name or plain.plugin,
        name=member.name or ("" if (facts.name or plain.plugin) == member.label else member.label),
        id=facts.id.upper() if plain.format == "vst3" and facts.id else plain.id or facts.id,
        version=facts.version,
        layout="auto" if plain.is_instrument else _find_layout(facts),
        parameters=values,
        state=state,
        state_sha256=hashlib.sha256(b64decode(state)).hexdigest() if state else "",
        fingerprint=facts.fingerprint or compute_fingerprint(answer.parameters),
        latency_frames=answer.latency_frames,
    )
    return captured, answer.parameters, meters, remarks


def _name_format(member: Member) -> str:
    """The format with its article: a VST3, an LV2."""
    return f"{'a' if member.format.startswith('vst') else 'an'} {member.format.upper()}"


def _find_layout(facts: MemberFacts) -> str:
    return "double" if facts.layout == "double" else "stereo"


def _play(session: HostSession, member: Member) -> None:
    """Play a block, or a note."""
    notes = (MidiNote(0.0, 0.1, 60, 100),) if member.is_instrument else ()
    session.render(make_noise(LARGEST_BLOCK_FRAMES), RenderSettings(notes=notes))


def _describe_changes(
    session: HostSession,
    label: str,
    defaults: tuple[ParameterFacts, ...],
    parameters: tuple[ParameterFacts, ...],
    meters: frozenset[str],
    has_state: bool,
) -> tuple[dict[str, ParameterValue], list[str]]:
    """The parameters that are not at their default, as a chain's file has them, and remarks.

    A text is rounded by the plugin. One that does not give the value back would change what the state restores, so
    such a parameter is left to the state.
    """
    by_name = {one.name: one.raw for one in defaults}
    changed = [
        one
        for one in choose_movable(parameters)
        if one.name not in meters and abs(one.raw - by_name.get(one.name, one.raw)) > STEP
    ]
    values: dict[str, ParameterValue] = {}
    remarks: list[str] = []
    for one in changed:
        found = _find_raw(session, label, one)
        if found is not None and (abs(found - one.raw) <= STEP or not has_state):
            values[one.name] = parse_value(one.text)
        if found is None or abs(found - one.raw) > STEP:
            where = "it is kept in the state" if has_state else "the value is rounded"
            remarks.append(f"{one.name}: its text {one.text!r} is not its exact value; {where}")
    return values, remarks


def _find_raw(session: HostSession, label: str, parameter: ParameterFacts) -> float | None:
    """The raw value that the text of ``parameter`` gives; None where it is refused."""
    try:
        answer = session.read_parameters(label, {parameter.name: parameter.text}).parameters
    except PluginError as error:
        if error.verdict is not HostVerdict.REFUSED:
            raise
        return None
    return next((one.raw for one in answer if one.name == parameter.name), None)


def parse_value(text: str) -> ParameterValue:
    """A value as a chain's file has it: a number where the text is one, or the text."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if abs(number) < float("inf") else text


def _compare(
    session: HostSession, captured: Member, parameters: tuple[ParameterFacts, ...], meters: frozenset[str]
) -> tuple[Member, list[str]]:
    """The captured member and remarks, after it was loaded in ``session``, a fresh process."""
    try:
        session.load(Chain(members=(captured,)), RATE)
    except PluginError as error:
        if error.verdict is not HostVerdict.REFUSED or error.step != "state":
            raise
        bare = replace(captured, state="", state_sha256="")
        return bare, [f"it refuses its own saved state, which is left out: {error.message}"]
    lost = find_unrestored(parameters, session.read_parameters(captured.label, {}).parameters, meters)
    more = f"; {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    return captured, [f"not restored in a new process: {'; '.join(lost[:NAMED])}{more}"] if lost else []
