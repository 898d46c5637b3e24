"""Parameter checks: values are taken and read back, extremes do no harm, a ramp is smooth."""

from __future__ import annotations

from bridge.core.audio import Audio
from chains.checks.check import QUICK, THOROUGH, USUAL, Check
from chains.checks.differences import compute_peak_db
from chains.checks.host_session import HostSession
from chains.checks.levels import count_bad_frames, measure_step_db
from chains.checks.member_change import change_members
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.parameter_choice import choose_movable, is_continuous, shift_value
from chains.checks.state_checks import NAMED, STEP
from chains.checks.stimuli import make_noise, make_sine
from chains.checks.subject import SILENT_DB, Subject
from chains.document.chain import Chain
from chains.process.messages import ParameterFacts
from chains.process.verdict import HostVerdict, PluginError

TONE_HZ = 97.0
"""A low note: its own third difference is small beside that of a step."""
RAMP_BEATS = 2.0
RAMP_TEMPO_BPM = 120.0
RAMP_BLOCK_FRAMES = 64
RAMPS = 2
"""Parameters of a member whose automation is tried below the strictest level; each loads the chain again."""
ZIPPER_DB = -40.0
"""Step relative to the output's peak, 1 %, from which on a ramp is audible as zipper noise; the host's own steps of 64
frames are -57 dB in a ramp of a second."""
EXTREME_S = 0.1


def check_parameters(subject: Subject) -> CheckFinding:
    """Set every parameter and read it back."""
    refused: list[str] = []
    tried = 0
    with subject.change() as (session, _):
        for member in subject.members:
            movable = choose_movable(session.read_parameters(member.label, {}).parameters)
            tried += len(movable)
            refused += [f"{member.label}: {text}" for text in _find_refused(session, member.label, movable)]
    if not tried:
        raise SkippedCheckError("there is no parameter to set")
    if refused:
        more = f"; {len(refused) - NAMED} more" if len(refused) > NAMED else ""
        text = f"not taken: {'; '.join(refused[:NAMED])}{more}"
        return make_failure(text, "do not set them in a chain's file; use a state", tried=tried, refused=len(refused))
    return make_pass(f"{tried} set and read back", tried=tried, refused=0)


def _find_refused(session: HostSession, label: str, movable: list[ParameterFacts]) -> list[str]:
    """The parameters that do not keep a value, one text each."""
    wanted: dict[str, float | str] = {one.name: shift_value(one) for one in movable}
    try:
        found = {one.name: one.raw for one in session.read_parameters(label, wanted).parameters}
    except PluginError as error:
        if error.verdict is not HostVerdict.REFUSED:
            raise
        found = {}
    texts = []
    for one in movable:
        value = shift_value(one)
        if _is_kept(one, value, found.get(one.name)):
            continue
        # another parameter may have moved it: by itself it has to stay
        try:
            answer = session.read_parameters(label, {one.name: value}).parameters
        except PluginError as error:
            if error.verdict is not HostVerdict.REFUSED:
                raise
            texts.append(error.message)
            continue
        alone = next((other.raw for other in answer if other.name == one.name), None)
        if not _is_kept(one, value, alone):
            texts.append(f"{one.name} is {alone} after {value:.6g}")
    return texts


def _is_kept(parameter: ParameterFacts, wanted: float, found: float | None) -> bool:
    """Whether a value was kept: to a float32 step, or to the next of a parameter's steps."""
    if found is None:
        return False
    step = STEP if is_continuous(parameter) else 0.5 / max(parameter.steps - 1, 1) + STEP
    return abs(wanted - found) <= step


def check_extremes(subject: Subject) -> CheckFinding:
    """Set every parameter to both ends of its range and render."""
    subject.sound  # noqa: B018 - raises where nothing sounds
    source: Audio = make_noise(int(EXTREME_S * subject.rate)) if not subject.is_instrument else subject.noise
    bad: list[str] = []
    silent: list[str] = []
    tried = 0
    with subject.change() as (session, _):
        for label, parameters in subject.read_all(session).items():
            for one in choose_movable(parameters):
                tried += 1
                for end in (0.0, 1.0):
                    session.read_parameters(label, {one.name: end})
                    rendered = session.render(source, subject.settings())
                    if rendered.result.bad_frames or count_bad_frames(rendered.audio):
                        bad.append(f"{label}: {one.name} at {'its lowest' if end == 0.0 else 'its highest'}")
                    elif compute_peak_db(rendered.audio) < SILENT_DB:
                        silent.append(f"{label}: {one.name}")
                session.read_parameters(label, {one.name: one.raw})
    if not tried:
        raise SkippedCheckError("there is no parameter to set")
    if bad:
        return make_failure(f"NaN or infinity with {', '.join(bad[:NAMED])}", "avoid these values", tried=tried)
    said = f"; silent with an end of {', '.join(silent[:NAMED])}" if silent else ""
    return make_pass(f"finite at both ends of {tried} parameters{said}", tried=tried, silent=len(silent))


def check_automation(subject: Subject) -> CheckFinding:
    """Automate parameters over their range under a low note, and look for steps."""
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has no steady tone")
    subject.sound  # noqa: B018 - raises where nothing sounds
    tone = make_sine(subject.rate, subject.rate, TONE_HZ)
    settings = subject.settings(block_frames=RAMP_BLOCK_FRAMES, tempo_bpm=RAMP_TEMPO_BPM)
    steps: dict[str, float] = {}
    parameters = subject.read_all(subject.session)
    for label, found in parameters.items():
        ramps = [one for one in choose_movable(found) if is_continuous(one) and None not in (one.low, one.high)]
        for one in ramps[: None if subject.level >= THOROUGH else RAMPS]:
            with subject.change(automate(subject.loadable, label, one)) as (session, _):
                audio = session.render(tone, settings).audio
            steps[f"{label}: {one.name}"] = measure_step_db(audio, RAMP_BLOCK_FRAMES)
    if not steps:
        raise SkippedCheckError("no parameter has a range in numbers")
    worst = max(steps, key=lambda name: steps[name])
    figures = {"largest_step_db": round(steps[worst], 1), "ramps": len(steps)}
    if steps[worst] > ZIPPER_DB:
        text = f"{worst} moves in steps of {steps[worst]:.0f} dB under automation"
        return make_warning(text, "automate something else, or with many small changes", **figures)
    return make_pass(f"{len(steps)} ramps, largest step {steps[worst]:.0f} dB ({worst})", **figures)


def automate(chain: Chain, label: str, parameter: ParameterFacts) -> Chain:
    """``chain`` with a ramp over the range of one parameter."""
    ramp = ((0.0, parameter.low), (RAMP_BEATS, parameter.high))
    return change_members(chain, lambda m: {"automation": {parameter.name: ramp}} if m.label == label else {})


PARAMETER_CHECKS = (
    Check("parameters", "Every parameter takes a value and reads back as set.", QUICK, check_parameters),
    Check("automation", "A ramp of a parameter has no audible steps.", USUAL, check_automation),
    Check("extremes", "No parameter at an end of its range damages the output.", THOROUGH, check_extremes),
)
