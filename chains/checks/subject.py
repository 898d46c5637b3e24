"""Subject of the checks: a chain in one host at one rate, with the sessions and the renders that checks share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from bridge.core.audio import Audio
from chains.checks.differences import BIT_EQUAL_DB, compute_null_db, compute_peak_db
from chains.checks.host_session import HostSession, Rendered, RenderSettings, SessionFactory
from chains.checks.levels import count_bad_frames
from chains.checks.member_change import change_members
from chains.checks.outcome import SkippedCheckError
from chains.checks.stimuli import make_noise, make_silence
from chains.document.chain import Chain, Member
from chains.document.member_paths import walk_active_members
from chains.process.messages import LoadResult, MidiNote, ParameterFacts
from chains.process.verdict import PluginError

REFERENCE_S = 0.5
"""Length of the noise that most checks render: 24,000 frames at 48 kHz measure a correlation to -44 dB."""
REPEATS = 5
"""Renders in one process that are compared: ZamTube's fourth instance is the one that differs."""
SETTLED_DB = -100.0
"""Null depth up to which two renders are the same: below the noise of 16 bit."""
FLOOR_MARGIN_DB = 12.0
"""A difference has to be this much larger than those between equal renders to mean something else."""
COMPARABLE_DB = -40.0
"""Difference between repeats from which on comparisons say nothing."""
SILENT_DB = -120.0
"""Peak in dBFS below which an output is silent."""


class Subject:
    """A chain to check.

    Attributes:
        chain: The chain as its file says.
        loadable: The same without expected latencies.
        rate: In Hz.
        host: ``auto``, ``pedalboard`` or ``dawdreamer``.
        level: Strictness, 1 to 3: some checks try more at a higher one.
    """

    def __init__(
        self, chain: Chain, open_session: SessionFactory, rate: int = 48_000, host: str = "auto", level: int = 1
    ) -> None:
        self.chain, self.rate, self.host, self.level = chain, rate, host, level
        # a host refuses another latency than the expected one; the check `identity` compares it, and all others go on
        self.loadable = change_members(chain, lambda _: {"latency_frames": -1})
        self._open_session = open_session
        self._shared: HostSession | None = None
        self._facts: LoadResult | None = None
        self._is_changed = False
        self._load_error: PluginError | None = None
        self._reference: Rendered | None = None
        self._reference_error: PluginError | None = None
        self._other_db = BIT_EQUAL_DB

    def close(self) -> None:
        """End the shared process."""
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    # --- what a chain is made of

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """All members with a plugin or effect that are not bypassed, branches and buses included."""
        return tuple(
            member for _, member in walk_active_members(self.chain) if member.plugin or member.effect or member.faust
        )

    @property
    def is_instrument(self) -> bool:
        """Whether it plays MIDI and takes no audio."""
        return any(member.is_instrument for member in self.chain.members[:1])

    # --- stimuli

    @cached_property
    def noise(self) -> Audio:
        """The noise of the reference; silence for an instrument, which gets notes."""
        frames = int(REFERENCE_S * self.rate)
        return make_silence(frames) if self.is_instrument else make_noise(frames)

    def settings(self, **changes: object) -> RenderSettings:
        """Settings of a render of this chain: notes for an instrument, noise for sidechains, tempo."""
        notes = (MidiNote(0.0, 0.3, 57, 100), MidiNote(0.1, 0.3, 64, 80)) if self.is_instrument else ()
        keys = {member.sidechain for member in self.members if member.sidechain}
        sidechains = {key: make_noise(self.noise.shape[1], seed=7, level_db=-20.0) for key in sorted(keys)}
        plain = RenderSettings(notes=notes, sidechains=sidechains, tempo_bpm=self.chain.tempo_bpm or 120.0)
        return replace(plain, **changes)  # type: ignore[arg-type]

    # --- sessions

    @contextmanager
    def open_fresh(
        self, chain: Chain | None = None, rate: int = 0, host: str = ""
    ) -> Iterator[tuple[HostSession, LoadResult]]:
        """A process of its own with ``chain`` loaded, by default this one in this host at this rate.

        Raises:
            PluginError: It cannot be loaded.
        """
        session = self._open_session(host or self.host)
        try:
            yield session, session.load(chain or self.loadable, rate or self.rate)
        finally:
            session.close()

    @property
    def session(self) -> HostSession:
        """The process that checks share, with the chain loaded.

        Raises:
            PluginError: It cannot be loaded, said once.
            SkippedCheckError: It could not be loaded before.
        """
        shared = self._shared
        if shared is not None and shared.is_running and not self._is_changed:
            return shared
        if self._load_error is not None:
            raise SkippedCheckError("the chain does not load")
        if shared is None or not shared.is_running:
            self.close()
            shared = self._open_session(self.host)
        self._shared, self._is_changed = shared, False
        try:
            self._facts = shared.load(self.loadable, self.rate)
        except PluginError as error:
            self._load_error = error
            self.close()
            raise
        return shared

    @contextmanager
    def change(self, chain: Chain | None = None, rate: int = 0) -> Iterator[tuple[HostSession, LoadResult]]:
        """The shared process with another chain, rate or other parameters for a while; the chain is loaded again when
        it is used next."""
        session = self.session
        is_same = chain is None and not rate
        self._is_changed = True
        yield session, self.facts if is_same else session.load(chain or self.loadable, rate or self.rate)

    @property
    def facts(self) -> LoadResult:
        """What the host says of the loaded chain; raises as `session` does."""
        if self._facts is None or self._shared is None:
            self.session  # noqa: B018 - loads it
        if self._facts is None:
            raise SkippedCheckError("the chain does not load")
        return self._facts

    # --- renders that several checks use

    @property
    def reference(self) -> Rendered:
        """The noise through the chain, the first render of the shared process.

        Raises:
            PluginError: It cannot be rendered, said once.
            SkippedCheckError: It could not be rendered before.
        """
        if self._reference_error is not None:
            raise SkippedCheckError("noise cannot be rendered through the chain")
        if self._reference is None:
            session = self.session
            try:
                self._reference = session.render(self.noise, self.settings())
            except PluginError as error:
                self._reference_error = error
                raise
        return self._reference

    @property
    def sound(self) -> Rendered:
        """The reference where it can be compared.

        Raises:
            SkippedCheckError: It is silent or not finite; other checks say so.
        """
        reference = self.reference
        if reference.result.bad_frames or count_bad_frames(reference.audio):
            raise SkippedCheckError("the output has NaN or infinity")
        if compute_peak_db(reference.audio) < SILENT_DB:
            raise SkippedCheckError("the output is silent")
        return reference

    @cached_property
    def silence(self) -> Rendered:
        """What comes out of half a second of silence, or without notes.

        Raises:
            SkippedCheckError: The output is not finite.
        """
        if count_bad_frames(self.reference.audio) or self.reference.result.bad_frames:
            raise SkippedCheckError("the output has NaN or infinity")
        return self.session.render(make_silence(self.rate // 2), self.settings(notes=()))

    @cached_property
    def repeats(self) -> list[Rendered]:
        """REPEATS renders of the same noise in the shared process, each from silence; the first is the reference."""
        reference = self.sound
        return [reference, *(self.session.render(self.noise, self.settings()) for _ in range(REPEATS - 1))]

    @cached_property
    def within_db(self) -> float:
        """The largest difference among `repeats`, in dB."""
        return max(compute_null_db(self.sound.audio, other.audio) for other in self.repeats[1:])

    def note_difference(self, difference_db: float) -> None:
        """Count a difference between equal renders elsewhere, in dB: in a fresh process, or in the other host.

        A plugin that is not deterministic may give five equal renders by chance. Without this the checks that compare
        renders would fail in some runs and pass in others.
        """
        self._other_db = max(self._other_db, difference_db)

    @property
    def repeat_db(self) -> float:
        """The largest difference between equal renders that is known, in dB."""
        return max(self.within_db, self._other_db)

    @property
    def is_comparable(self) -> bool:
        """Whether its own repeats are alike enough to compare other renders with them."""
        return self.repeat_db <= COMPARABLE_DB

    @property
    def same_db(self) -> float:
        """The null depth up to which another render is the same: for a plugin that is not deterministic, what its own
        repeats differ by.

        Raises:
            SkippedCheckError: They differ too much.
        """
        if not self.is_comparable:
            raise SkippedCheckError(f"its own repeats differ by {self.repeat_db:.0f} dB")
        return max(SETTLED_DB, self.repeat_db + FLOOR_MARGIN_DB)

    def read_all(self, session: HostSession) -> dict[str, tuple[ParameterFacts, ...]]:
        """The parameters of each member, by its label."""
        return {member.label: session.read_parameters(member.label, {}).parameters for member in self.members}
