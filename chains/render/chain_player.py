"""Chain player: the host processes of a batch of renders; each render has a child that has played nothing before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from msgspec.structs import replace

from bridge.errors import ConfigError
from chains.document.host_choice import choose_host
from chains.document.member_paths import walk_active_members
from chains.document.plugin_locations import find_plugin
from chains.process.host_process import HostProcess
from chains.process.limits import Limits
from chains.process.messages import LoadResult, RenderRequest, RenderResult
from chains.process.verdict import PluginError
from chains.render.plugin_warmup import LIMIT_S, PluginWarmup, measure_warmup
from chains.render.render_options import ChainChoice, RenderOptions
from chains.render.render_tempo import needs_tempo
from chains.render.tail_end import MOST_TAIL_S, Tail


@dataclass(slots=True)
class _Prepared:
    """A chain that is loaded in a child and was not played yet. ``rate``: that it is loaded for, since ``since_s``."""

    process: HostProcess
    rate: int
    loaded: LoadResult
    since_s: float


class ChainPlayer:
    """Renders through chains. A context manager.

    A chain is loaded once before its first render, to know its plugins; that child plays the first source of its rate.
    Others get a child of their own: plugins keep what they should not (ZamTube, Kars). One more finds out how long the
    plugins go on reading their sounds, and the others wait for as long before they play.
    """

    def __init__(
        self,
        options: RenderOptions,
        limits: Limits | None = None,
        read_clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """``read_clock``: seconds; ``pause``: waits for so many."""
        self._options, self._limits = options, limits or Limits()
        self._read_clock, self._pause = read_clock, pause
        self._warmups: dict[str, PluginWarmup] = {}
        self._known: dict[str, LoadResult | PluginError] = {}
        self._prepared: dict[str, _Prepared] = {}

    def __enter__(self) -> ChainPlayer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for prepared in self._prepared.values():
            prepared.process.restart()
        self._prepared.clear()

    def identify(self, choice: ChainChoice, rate: int) -> LoadResult:
        """What the chain's plugins are; loads it the first time.

        Raises:
            PluginError: It cannot be loaded; the same one each time.
        """
        known = self._known.get(choice.name)
        if known is None:
            try:
                prepared = self._prepare(choice, rate)
            except PluginError as error:
                self._known[choice.name] = error
                raise
            self._prepared[choice.name], known = prepared, prepared.loaded
            self._known[choice.name] = known
        if isinstance(known, PluginError):
            raise known
        return known

    def find_tail(self, choice: ChainChoice, rate: int) -> Tail:
        """What the chain rings on behind the end. Raises: PluginError, as `identify`."""
        if self._options.tail_s is not None:
            return Tail(self._options.tail_s)
        if choice.chain.tail_s >= 0:
            return Tail(choice.chain.tail_s)
        tails_s = [one.tail_s for one in self.identify(choice, rate).members]
        if any(tail_s < 0 for tail_s in tails_s):
            return Tail(MOST_TAIL_S, is_most=True)
        return Tail(min(sum(tails_s), MOST_TAIL_S))

    def render(
        self, choice: ChainChoice, rate: int, request: RenderRequest, on_progress: Callable[[int], None]
    ) -> RenderResult:
        """Render ``request`` at ``rate`` Hz through the chain.

        Raises:
            PluginError: A plugin failed.
        """
        warmup = self._find_warmup(choice, rate, request)
        prepared = self._prepared.pop(choice.name, None)
        if prepared is not None and prepared.rate != rate:
            prepared.process.restart()
            prepared = None
        if prepared is None:
            prepared = self._prepare(choice, rate)
        with prepared.process as process:
            left_s = prepared.since_s + warmup.wait_s - self._read_clock()
            if left_s > 0:
                self._pause(left_s)
            result = process.render(request, on_progress)
        if warmup.has_settled:
            return result
        warning = f"it was silent or got louder for {LIMIT_S:g} s behind its loading: listen to the start"
        return replace(result, warnings=(*result.warnings, warning))

    def _find_warmup(self, choice: ChainChoice, rate: int, request: RenderRequest) -> PluginWarmup:
        """The warm-up of a chain's plugins, measured once."""
        if choice.name not in self._warmups:
            if not any(member.plugin for _, member in walk_active_members(choice.chain)):
                warmup = PluginWarmup()
            else:
                with self._prepare(choice, rate).process as process:
                    warmup = measure_warmup(process, request, rate, self._read_clock, self._pause)
            self._warmups[choice.name] = warmup
        return self._warmups[choice.name]

    def _prepare(self, choice: ChainChoice, rate: int) -> _Prepared:
        process = HostProcess(self._limits)
        try:
            loaded = process.load(
                choice.chain, rate,
                block_frames=self._options.block_frames, host=self._options.host, folder=str(choice.folder),
            )  # fmt: skip
        except BaseException:
            process.restart()
            raise
        return _Prepared(process, rate, loaded, self._read_clock())


def check_chain_choice(choice: ChainChoice, options: RenderOptions, tempo_hint: str) -> None:
    """Check what can be checked without loading a plugin.

    ``tempo_hint``: how to give a tempo, where neither source nor options have one; else empty.

    Raises:
        ConfigError: A plugin is missing, a host cannot do it, or a tempo or sidechain is missing.
    """
    for key, member in walk_active_members(choice.chain):
        if member.branches:
            continue
        try:
            choose_host(member, live=False, force=options.host)
            if member.plugin:
                find_plugin(member)
        except ConfigError as error:
            raise ConfigError(f"{choice.name}: {key}: {error.message}", error.hint) from error
        if tempo_hint and needs_tempo(member) and choice.chain.tempo_bpm <= 0:
            raise ConfigError(f"{choice.name}: {key}: it needs the tempo", tempo_hint)
