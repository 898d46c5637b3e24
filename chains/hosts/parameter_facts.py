"""Parameter facts: what a host says of a parameter, in the form of the messages."""

from __future__ import annotations

from chains.document.chain import Member
from chains.hosts.parameter_values import MAX_LISTED_STEPS, RawParameter, is_program, read_number
from chains.process.messages import ParameterFacts


def describe_parameter(parameter: RawParameter, index: int) -> ParameterFacts:
    """A parameter as it is now; ``low`` and ``high`` where the texts at both ends are numbers."""
    raw = parameter.read()
    low, high = (read_number(parameter.find_text(end), parameter.unit) for end in (0.0, 1.0))
    has_range = low is not None and high is not None
    return ParameterFacts(
        name=parameter.name,
        raw=raw,
        text=parameter.find_text(raw),
        unit=parameter.unit,
        low=low if has_range else None,
        high=high if has_range else None,
        steps=parameter.steps if parameter.steps <= MAX_LISTED_STEPS else 0,
        is_automatable=parameter.is_automatable and not is_program(parameter),
        index=index,
    )


def list_misfits(member: Member, fingerprint: str, version: str) -> list[str]:
    """A warning where a plugin's parameters are not those with which its chain was made; none where they are.

    ``fingerprint``, ``version``: of the plugin that was loaded; the version is empty where the host does not know it.
    """
    if not member.fingerprint or member.fingerprint.lower() == fingerprint:
        return []
    made = f"version {member.version or 'unknown'}, now {version or 'unknown'}"
    return [f"its parameters are not those with which the chain was made ({made}): listen, then capture it again"]
