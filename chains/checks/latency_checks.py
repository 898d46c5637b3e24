"""Latency checks: what is declared is what is measured, also after a parameter was changed."""

from __future__ import annotations

from chains.checks.alignment import DelayMeasurement, measure_delay
from chains.checks.check import QUICK, USUAL, Check
from chains.checks.host_session import Rendered
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.parameter_choice import choose_movable, shift_value
from chains.checks.subject import Subject

LIMIT_FRAMES = 16_384
"""Largest deviation from the declared latency that is looked for: 341 ms at 48 kHz."""
SMEAR_S = 0.0005
"""Time from the start of a filter's response to its peak at most: ZamPhono, without latency, peaks 26 µs late."""
TRIED_PARAMETERS = 12
"""Parameters that are changed below the strictest level."""


def measure_offset(subject: Subject, rendered: Rendered) -> DelayMeasurement:
    """The offset of a compensated render from its input; right is 0.

    Raises:
        SkippedCheckError: Nothing stands out in the cross-correlation.
    """
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has no input to measure against")
    found = measure_delay(subject.noise, rendered.audio, min(LIMIT_FRAMES, subject.noise.shape[1] // 2))
    if not found.is_measurable:
        raise SkippedCheckError(f"not measurable: correlation {found.correlation:.2f} with the input")
    return found


def check_latency(subject: Subject) -> CheckFinding:
    """Compare the declared latency with the one measured by noise."""
    rendered = subject.sound
    found = measure_offset(subject, rendered)
    declared = rendered.result.latency_frames
    measured = declared + found.peak_frames
    figures = {
        "declared_frames": declared, "measured_frames": measured, "correlation": round(found.correlation, 3),
    }  # fmt: skip
    if found.matches(0, int(SMEAR_S * subject.rate)):
        text = f"declared {declared}, measured {measured} frames"
        return make_pass(text + (" (a filter's peak)" if found.peak_frames else ""), **figures)
    text = f"declares {declared} frames, measured {measured}: off by {found.peak_frames:+d}"
    return make_failure(text, "delay the other tracks by hand, or report it to the plugin's maker", **figures)


def check_latency_of_parameters(subject: Subject) -> CheckFinding:
    """Change one parameter after the other and measure the latency again."""
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has no input to measure against")
    base = subject.sound.result.latency_frames
    most = None if subject.level > USUAL else TRIED_PARAMETERS
    moving: list[str] = []
    wrong: list[str] = []
    tried = 0
    with subject.change() as (session, _):
        for label, parameters in subject.read_all(session).items():
            for one in choose_movable(parameters)[:most]:
                tried += 1
                session.read_parameters(label, {one.name: shift_value(one)})
                rendered = session.render(subject.noise, subject.settings())
                session.read_parameters(label, {one.name: one.raw})
                if rendered.result.latency_frames != base:
                    moving.append(f"{label}: {one.name} ({base} to {rendered.result.latency_frames} frames)")
                found = measure_delay(subject.noise, rendered.audio, subject.noise.shape[1] // 2)
                if found.is_measurable and not found.matches(0, int(SMEAR_S * subject.rate)):
                    wrong.append(f"{label}: {one.name} (off by {found.peak_frames:+d})")
    if not tried:
        raise SkippedCheckError("there is no parameter to change")
    if wrong:
        text = f"not compensated after a change of {', '.join(wrong)}"
        return make_failure(text, "set it before the render, or report it to the plugin's maker", tried=tried)
    if moving:
        text = f"the latency follows {', '.join(moving)}, and is compensated"
        return make_warning(text, "do not change or automate it while playing", tried=tried)
    return make_pass(f"the same after each of {tried} parameters", tried=tried)


LATENCY_CHECKS = (
    Check("latency", "The declared latency is the measured one, to the frame.", QUICK, check_latency),
    Check("latency-parameters", "It still is after a parameter was changed.", USUAL, check_latency_of_parameters),
)
