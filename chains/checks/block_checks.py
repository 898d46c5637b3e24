"""Block checks: the output does not depend on the size of blocks, and recovers from damaged input."""

from __future__ import annotations

import numpy as np

from bridge.core.audio import Audio
from chains.checks.check import QUICK, USUAL, Check
from chains.checks.differences import compute_null_db
from chains.checks.host_session import BLOCK_FRAMES
from chains.checks.levels import count_bad_frames
from chains.checks.outcome import CheckFinding, SkippedCheckError, make_failure, make_pass, make_warning
from chains.checks.repeat_checks import describe_depth
from chains.checks.stimuli import damage
from chains.checks.subject import Subject
from chains.process.verdict import HostVerdict, PluginError

SIZES_FRAMES = (64, 65, 8192)
"""Block sizes beside the reference's 512: live, odd, and offline; each in a render of its own."""
GROWING_FRAMES = (1, 64, 65, 512, 8192)
"""Block sizes that follow one another in one render, again and again: the next one is larger, and then small again."""
GROWING = "growing"
"""Name of a render with them."""
SINGLE_FRAME = 1
SINGLE_FRAMES = 4800
"""Length of a render in blocks of one frame, a tenth of a second: each costs as much as a block of 64."""
AUDIBLE_DB = -80.0
"""Difference from which on a render differs audibly from what was played live."""
DAMAGED_FRAMES = 64


def check_blocks(subject: Subject) -> CheckFinding:
    """Render the same in blocks of other sizes, and of sizes that grow, which DawDreamer does not have."""
    reference = subject.sound
    same_db = subject.same_db
    session = subject.session
    depths: dict[str, float] = {}
    later: dict[str, float] = {}
    for size in SIZES_FRAMES:
        audio = session.render(subject.noise, subject.settings(block_frames=size)).audio
        depths[str(size)], later[str(size)] = _compare(reference.audio, audio, size)
    plugins = {member.label for member in subject.members if member.plugin}
    if any(one.host == "pedalboard" and one.label in plugins for one in subject.facts.members):
        audio = session.render(subject.noise, subject.settings(block_sizes=GROWING_FRAMES)).audio
        depths[GROWING], later[GROWING] = _compare(reference.audio, audio, BLOCK_FRAMES)
    if subject.level >= USUAL:
        short = subject.noise[:, :SINGLE_FRAMES]
        plain = session.render(short, subject.settings()).audio
        audio = session.render(short, subject.settings(block_frames=SINGLE_FRAME)).audio
        depths["1"], later["1"] = _compare(plain, audio, SINGLE_FRAME)
    return _judge(depths, later, same_db)


def _compare(reference: Audio, audio: Audio, size: int) -> tuple[float, float]:
    """Null depth of a render in blocks of ``size`` in all, and behind the first two blocks."""
    start = 2 * max(size, BLOCK_FRAMES)
    return compute_null_db(reference, audio), compute_null_db(reference[:, start:], audio[:, start:])


def _judge(depths: dict[str, float], later: dict[str, float], same_db: float) -> CheckFinding:
    """The finding on null depths by the size of blocks; ``later``: behind the start."""
    figures = {f"block_{size}_db": round(depth, 1) for size, depth in depths.items()}
    worst = max(depths, key=lambda size: depths[size])
    depth_db = depths[worst]
    if depth_db <= same_db:
        return make_pass(f"sizes {', '.join(depths)} against 512: {describe_depth(depth_db)}", **figures)
    what = f"blocks of {worst}" if worst != GROWING else f"blocks that grow ({', '.join(map(str, GROWING_FRAMES))})"
    text = f"{what} differ from blocks of 512 by {describe_depth(depth_db)}"
    if max(later.values()) <= same_db:
        fix = "it moves over its first block after a start: begin a render with a block of silence"
        return make_warning(f"{text}, at the start alone", fix, **figures)
    fix = "play and render it with blocks of one size"
    return (make_failure if depth_db > AUDIBLE_DB else make_warning)(text, fix, **figures)


def check_damaged_input(subject: Subject) -> CheckFinding:
    """Feed NaN, reset, and render the reference again."""
    if subject.is_instrument:
        raise SkippedCheckError("an instrument has no input")
    reference = subject.sound
    same_db = subject.same_db
    session = subject.session
    damaged = damage(subject.noise, subject.noise.shape[1] // 2, DAMAGED_FRAMES)
    try:
        through = count_bad_frames(session.render(damaged, subject.settings()).audio)
    except PluginError as error:
        if error.verdict is not HostVerdict.NOT_FINITE and error.verdict is not HostVerdict.REFUSED:
            raise
        through = DAMAGED_FRAMES
    session = subject.session
    depth_db = compute_null_db(reference.audio, session.render(subject.noise, subject.settings()).audio)
    figures = {"bad_frames": through, "after_reset_db": None if np.isinf(depth_db) else round(depth_db, 1)}
    if depth_db > same_db:
        said = "NaN or infinity" if np.isinf(depth_db) else f"a difference of {describe_depth(depth_db)}"
        text = f"after NaN at its input and a reset {said} remains"
        return make_failure(text, "load the chain again after such a file", **figures)
    return make_pass(f"recovers after a reset ({through:,} bad frames meanwhile)", **figures)


BLOCK_CHECKS = (
    Check("blocks", "The size of blocks changes nothing.", QUICK, check_blocks),
    Check("nan-input", "NaN at the input is gone after a reset.", QUICK, check_damaged_input),
)
