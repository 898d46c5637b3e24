"""Loading checks: the chain loads, is what its file expects, and renders to the end."""

from __future__ import annotations

from msgspec.structs import replace

from chains.checks.check import QUICK, Check
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.subject import Subject
from chains.document.chain import Member
from chains.document.host_choice import HOST_TITLES
from chains.document.parameter_fingerprint import compute_fingerprint
from chains.document.vst3_preset import parse_class_id
from chains.process.messages import MemberFacts

SLOW = 2.0
"""Times real time below which a render is called slow."""


def check_load(subject: Subject) -> CheckFinding:
    """Load the chain."""
    facts = subject.facts
    names = [
        f"{' '.join(f'{one.name or one.label} {one.version}'.split())} in {HOST_TITLES.get(one.host, one.host)}"
        for one in facts.members
    ]
    remarks = [f"{one.label}: {warning}" for one in facts.members for warning in one.warnings]
    text = f"{', '.join(names) or 'no members'}; {facts.load_s:.2f} s"
    return make_pass("; ".join([text, *remarks]), load_s=round(facts.load_s, 4), members=len(facts.members))


def check_identity(subject: Subject) -> CheckFinding:
    """Compare what was loaded with what the chain's file expects."""
    found = {one.label: one for one in subject.facts.members}
    expecting = [m for m in subject.members if m.id or m.version or m.fingerprint or m.latency_frames >= 0]
    if not expecting:
        raise SkippedCheckError("the chain names no id, version, fingerprint or latency")
    wrong: list[str] = []
    other: list[str] = []
    for member in expecting:
        if member.label in found:
            facts = found[member.label]
            if member.fingerprint and not facts.fingerprint:
                parameters = subject.session.read_parameters(member.label, {}).parameters
                facts = replace(facts, fingerprint=compute_fingerprint(parameters))
            strict, loose = _compare(member, facts, subject.rate)
            wrong += strict
            other += loose
    if wrong:
        return make_failure("; ".join([*wrong, *other]), "install that version, or capture the chain again")
    if other:
        return make_warning("; ".join(other), "listen once, then capture the chain again")
    return make_pass(f"{len(expecting)} member{'s are' if len(expecting) > 1 else ' is'} what the file says")


def _compare(member: Member, found: MemberFacts, rate: int) -> tuple[list[str], list[str]]:
    """What is wrong and what is merely different."""
    wrong: list[str] = []
    other: list[str] = []
    if member.id and found.id and not _is_same_id(member, found.id):
        wrong.append(f"{member.label}: id {found.id}, expected {member.id}")
    if member.fingerprint and found.fingerprint and member.fingerprint.lower() != found.fingerprint:
        wrong.append(f"{member.label}: other parameters than those of version {member.version or 'captured'}")
    if member.latency_frames >= 0 and rate == 48_000 and member.latency_frames != found.latency_frames:
        wrong.append(f"{member.label}: latency {found.latency_frames} frames, expected {member.latency_frames}")
    if member.version and found.version and member.version != found.version:
        other.append(f"{member.label}: version {found.version}, expected {member.version}")
    return wrong, other


def _is_same_id(member: Member, other: str) -> bool:
    """Whether an id is that of a member; those of a VST3 may have hyphens."""
    wanted = parse_class_id(member.id) if member.format == "vst3" else member.id
    return wanted.lower() == other.lower()


def check_render(subject: Subject) -> CheckFinding:
    """Render noise to the end."""
    rendered = subject.reference
    length_s = rendered.audio.shape[1] / subject.rate
    cpu_s = rendered.result.cpu_s
    what = f"{length_s:.1f} s of {'notes' if subject.is_instrument else 'noise'}"
    if cpu_s <= 0.0:
        return make_pass(what, cpu_s=cpu_s)
    speed = length_s / cpu_s
    text = f"{what}, {speed:.0f} × real time in CPU seconds"
    figures = {"cpu_s": round(cpu_s, 4), "times_real_time": round(speed, 1)}
    if speed < SLOW:
        return make_warning(f"{text}; too slow to play live", "use it offline alone", **figures)
    return make_pass(text, **figures)


LOADING_CHECKS = (
    Check("load", "Every plugin of the chain can be found and loaded.", QUICK, check_load),
    Check("identity", "The plugins are those that the chain was made with.", QUICK, check_identity),
    Check("render", "Noise is rendered to the end without a crash or a hang.", QUICK, check_render),
)
