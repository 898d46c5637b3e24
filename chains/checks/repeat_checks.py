"""Repeat checks: the same again in one process and in a fresh one, and what grows meanwhile."""

from __future__ import annotations

from chains.checks.check import QUICK, USUAL, Check
from chains.checks.differences import BIT_EQUAL_DB, compute_null_db, compute_peak_db
from chains.checks.outcome import CheckFinding, make_failure, make_pass
from chains.checks.subject import REPEATS, SETTLED_DB, Subject
from chains.document.host_choice import DAWDREAMER, HOST_TITLES, HOSTS
from chains.process.messages import LoadResult
from chains.process.verdict import HostVerdict, PluginError

GROWTH_RENDERS = 6
"""Renders whose memory is compared, at the usual strictness."""
GROWTH_BLOCK_FRAMES = 64
"""Small blocks: what leaks does so once a block, 375 times in half a second."""
GROWTH_BYTES = 1 << 20
"""Memory that a render may keep: an allocator's pages move by less; a leak of 3 kB a block is more."""
GROWTH_DB = 1.0
"""Change of level over all repeats that is more than modulation."""


def describe_depth(depth_db: float) -> str:
    """A null depth as text."""
    return "bit-equal" if depth_db == BIT_EQUAL_DB else f"{depth_db:.0f} dB"


def check_repeat(subject: Subject) -> CheckFinding:
    """Render the same again: in one process, each time from silence; in a fresh process; and twice in the other host,
    whose reset is another one."""
    reference = subject.sound
    within_db = subject.within_db
    with subject.open_fresh() as (session, _):
        fresh_db = compute_null_db(reference.audio, session.render(subject.noise, subject.settings()).audio)
    other, other_db = _repeat_in_other_host(subject)
    subject.note_difference(fresh_db if other_db is None else max(fresh_db, other_db))
    figures = {
        "within_process_db": round(within_db, 1), "fresh_process_db": round(fresh_db, 1), "other_host_db": other_db,
    }  # fmt: skip
    text = f"{REPEATS} renders in a process: {describe_depth(within_db)}; fresh process: {describe_depth(fresh_db)}"
    if other_db is not None:
        text = f"{text}; twice in {HOST_TITLES[other]}: {describe_depth(other_db)}"
    # one fix for all: by chance the same plugin differs here in one run, there in the next
    if max(within_db, fresh_db, BIT_EQUAL_DB if other_db is None else other_db) > SETTLED_DB:
        fix = "freeze the track: render it once and keep the file; each render may be another one"
        return make_failure(f"not deterministic: {text}", fix, **figures)
    return make_pass(text, **figures)


def _repeat_in_other_host(subject: Subject) -> tuple[str, float | None]:
    """The other host, and the difference of two renders in one process of it; None where it cannot load the chain.

    Pedalboard loads some plugins afresh instead of resetting them, and so hides what they keep: ZamTube's two renders
    differ in DawDreamer each time, in Pedalboard in one of ten processes. DawDreamer's second render is one that
    continues: it starts again too, but the plugin is not loaded afresh.
    """
    other = find_other_host(subject.facts)
    if not other:
        return "", None
    try:
        with subject.open_fresh(host=other) as (session, loaded):
            if {one.host for one in loaded.members} != {other}:  # built-in effects and Faust code are in one host only
                return "", None
            first = session.render(subject.noise, subject.settings()).audio
            second = session.render(subject.noise, subject.settings(resets=other != DAWDREAMER)).audio
    except PluginError as error:
        if error.verdict in (HostVerdict.REFUSED, HostVerdict.BLOCKED):
            return other, None
        raise
    return other, round(compute_null_db(first, second), 1)


def find_other_host(facts: LoadResult) -> str:
    """The host that does not have the members of a chain; empty where they are in both, or in none."""
    used = {one.host for one in facts.members}
    if len(used) != 1 or not used <= set(HOSTS):
        return ""
    return HOSTS[1 - HOSTS.index(used.pop())]


def check_growth(subject: Subject) -> CheckFinding:
    """Render again and again, and watch memory and level."""
    peaks_db = [compute_peak_db(one.audio) for one in subject.repeats]
    rise_db = max(peaks_db) - peaks_db[0]
    settings = subject.settings(block_frames=GROWTH_BLOCK_FRAMES)
    session = subject.session
    session.render(subject.noise, settings)
    memory = [session.measure_memory()]
    for _ in range(GROWTH_RENDERS * (4 if subject.level > USUAL else 1)):
        session.render(subject.noise, settings)
        memory.append(session.measure_memory())
    # the second half alone: caches fill in the first
    half = len(memory) // 2
    a_render = (memory[-1] - memory[half]) / (len(memory) - 1 - half)
    figures = {"bytes_a_render": int(a_render), "level_rise_db": round(rise_db, 2)}
    if a_render > GROWTH_BYTES:
        text = f"memory grows by {a_render / (1 << 20):.1f} MiB with each {subject.noise.shape[1] / subject.rate:.1f} s"
        return make_failure(text, "end its process now and then: sideman renders in fresh ones", **figures)
    if rise_db > GROWTH_DB and subject.is_comparable:  # else chance alone makes one render the loudest
        text = f"the level rises by {rise_db:.1f} dB over {REPEATS} renders"
        return make_failure(text, "it keeps audio over a reset: render each file in a fresh process", **figures)
    return make_pass("neither memory nor level grows", **figures)


REPEAT_CHECKS = (
    Check("repeat", "The same input gives the same output.", QUICK, check_repeat),
    Check("growth", "Repeated renders need no more memory and get no louder.", USUAL, check_growth),
)
