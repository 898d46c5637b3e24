"""Engine graph: engines, rings and callback context at one sample rate, and the latency ledger of its paths."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Set
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.core.audio import ANALYSERS, STEMS, is_sum
from bridge.core.clock import FOLLOW, TEMPO_MODE
from bridge.core.insert import INSERT_POINTS
from bridge.core.latency import PATHS, Ledger, Path
from bridge.core.role import ROLES, find_role_of_ring
from bridge.core.time import BlockTime
from bridge.errors import BridgeError, ControlError, did_you_mean
from bridge.runtime.callback.context import CallbackContext, make_context
from bridge.runtime.callback.control_context import ControlContext, make_control_context
from bridge.runtime.callback.insert_context import InsertContext, make_insert_context
from bridge.runtime.clock_line import ClockPublisher, ClockSelection, ClockStatus
from bridge.runtime.gain_publisher import GainPublisher
from bridge.runtime.insert_delays import BAND, InsertTiming, add_inserts, check_insert, compute_point_delays
from bridge.runtime.shared import slots as w
from bridge.runtime.shared.arena import Arena
from bridge.runtime.shared.atomics import publish
from bridge.runtime.shared.layout import InsertArrays, SharedArrays, map_arena, map_inserts, size_of
from bridge.runtime.shared.sequence_lock import write_whole
from bridge.runtime.timebase_status import TimebaseStatus
from bridge.runtime.wiring import Node, Wiring, compute_input_delay, compute_upstream, make_paths

T = TypeVar("T")


class Graph:
    """A context manager: the memory lives inside. Setters may be called from any thread."""

    def __init__(self, wiring: Wiring, period: int, reserves: Mapping[str, int], offsets: Mapping[str, int]) -> None:
        self.wiring = wiring
        self.plan = wiring.plan
        self.ledger = Ledger(wiring.plan.rate, period)
        self._reserves, self._offsets = dict(reserves), dict(offsets)
        self._sources = dict.fromkeys(ANALYSERS, 0)
        self._inserts: dict[str, InsertTiming] = {}
        self._declaring, self._setting = threading.Lock(), threading.Lock()
        self._arena: Arena | None = None
        self._shared: SharedArrays | None = None
        self._context: CallbackContext | None = None
        self._insert_context: InsertContext | None = None
        self._control: ControlContext | None = None
        self._gains: GainPublisher | None = None
        self._clock: ClockPublisher | None = None
        self._timebase: ClockPublisher | None = None
        self.clock_status = ClockStatus()
        """By whoever selects the clock."""
        self.timebase_status = TimebaseStatus()
        """Between whoever selects the clock and the driver."""
        self._slots = {
            control.name: (index, slot)
            for index, node in enumerate(wiring.nodes)
            for slot, control in enumerate(node.spec.controls)
        }

    def __enter__(self) -> Graph:
        self._arena = Arena.create(size_of(self.plan))
        self._shared = map_arena(self.plan, self._arena)
        self._context = make_context(self.plan, self._shared)
        self._insert_context = make_insert_context(map_inserts(self.plan, self._arena))
        self._control = make_control_context(self._context)
        shared = self._control
        self._gains, self._clock = GainPublisher(shared), ClockPublisher(shared.clock_tables, shared.clock_middle)
        self._timebase = ClockPublisher(shared.timebase_tables, shared.timebase_middle)
        for index, node in enumerate(self.wiring.nodes):
            words = self._shared.workers[index]
            words[w.HOP], words[w.LATENCY] = node.spec.hop, node.audio_latency
            words[w.GAP_RESETS] = int(node.spec.resets_on_gap)
            for control in node.spec.controls:
                self.set_value(control.name, control.default)
        self.set_period(self.ledger.period)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._shared = self._context = self._control = self._gains = self._clock = self._insert_context = None
        self._timebase = None
        if self._arena is not None:
            self._arena.close()
            self._arena = None

    @property
    def engine_controls(self) -> Set[str]:
        """The names that `set_value` knows: the controls of all engines in the graph."""
        return self._slots.keys()

    @property
    def arena(self) -> Arena:
        return _require_open(self._arena)

    @property
    def arrays(self) -> SharedArrays:
        return _require_open(self._shared)

    @property
    def insert_arrays(self) -> InsertArrays:
        return self.insert_context

    @property
    def insert_context(self) -> InsertContext:
        return _require_open(self._insert_context)

    @property
    def context(self) -> CallbackContext:
        return _require_open(self._context)

    @property
    def control_context(self) -> ControlContext:
        return _require_open(self._control)

    def to_stream_frame(self, jack_frame: int) -> int:
        """Convert JACK's frame time ``jack_frame`` (32 bits, near the present) to the stream frame."""
        own, state = self.context.callback_state, self.arrays.state
        ahead = ((jack_frame - int(own[w.RAW]) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
        return int(state[w.HEAD]) - int(state[w.PERIOD]) + ahead

    def set_period(self, period: int) -> None:
        """Declare every path for callbacks of ``period`` frames, and apply the delays."""
        with self._declaring:
            self._declare(period)

    def _declare(self, period: int) -> None:
        self.ledger.period = period
        rings = {name: i for i, name in enumerate(self.plan.rings)}
        inserts = compute_point_delays(self._inserts, period)
        for point, frames in inserts.items():
            publish(self._get_insert_words(point), w.INSERT_DELAY, frames)
        for index, node in enumerate(self.wiring.nodes):
            reserve, offset = self._reserves[node.role], self._offsets.get(node.role, 0)
            role = ROLES[node.role]
            offset += self._offsets.get(role.sounds, 0)  # a synth is aligned with the notes
            delay = self._find_input_delay(node, period)
            further_ahead = inserts[BAND] if (role.leads or role.sounds) and self._plays_ahead else 0
            for path in make_paths(node, period, reserve, offset, delay):
                self.ledger.declare(add_inserts(path, inserts, further_ahead))
                if path.name in rings:
                    self.arrays.heads[rings[path.name], w.RING_DELAY] = path.declared
                if path.name in role.writes:
                    # between engines an event is delayed by a whole hop, so that music never depends on the period
                    engine_delay = path.model + path.upstream + node.spec.hop + reserve
                    self.arrays.heads[rings[role.writes[path.name]], w.RING_DELAY] = engine_delay
            words = self.arrays.workers[index]
            deadline = path.declared - path.model
            # deadline >= input delay at any time: the callback must never wait for a hop that the worker may not begin
            publish(words, w.STEM_INPUT_DELAY, self._find_stem_delay(node, period))
            changes = ((w.DEADLINE, deadline), (w.INPUT_DELAY, delay))
            for word, frames in changes if delay >= words[w.INPUT_DELAY] else reversed(changes):
                publish(words, word, frames)
        if self.plan.audio_worker < 0:  # nobody separates, and the input passes the points all the same
            for spec in ROLES[find_role_of_ring("stems")].paths:
                path = add_inserts(Path(spec.name, spec.ports, 0, 0, 0), inserts)
                if path.insert or path.name in self.ledger:
                    self.ledger.declare(path)

    @property
    def _plays_ahead(self) -> bool:
        """Whether a synth plays the band ahead of the input."""
        return self.plan.synth_worker >= 0 and self.wiring.nodes[self.plan.synth_worker].runs_ahead

    def _find_input_delay(self, node: Node, period: int) -> int:
        """Frames by which ``node`` runs behind the input, so that its sources are there: stems, or notes."""
        role = ROLES[node.role]
        if role.sounds:
            player = self.wiring.nodes[self.plan.player]
            return compute_input_delay(player, node, period) if self._reserves[node.role] > 0 else 0
        inputs = {port.name for port in node.spec.audio(node.spec.inputs)}
        needs_stems = any(is_sum(source) for analyser, source in self._sources.items() if analyser in inputs)
        return self._find_upstream(period) if role.audio_inputs == "chosen" and needs_stems else 0

    def _find_stem_delay(self, node: Node, period: int) -> int:
        """Delay of the stem inputs of ``node``: a player ahead of the beat cannot wait for stems."""
        return self._find_upstream(period) if ROLES[node.role].audio_inputs == "stems" else 0

    def _find_upstream(self, period: int) -> int:
        """Frames after frame f by which its stems are there; 0 without separation."""
        if self.plan.audio_worker < 0:
            return 0
        separation = self.wiring.nodes[self.plan.audio_worker]
        return compute_upstream(separation, period, self._reserves[separation.role])

    def set_reserve(self, role: str, frames: int) -> None:
        """Set the reserve (headroom, the worker's deadline) of ``role``; the delay of its paths changes with it.

        For an engine that runs ahead it applies from the next wiring on: its lead is fixed while it runs.
        """
        self._reserves[role] = frames
        self.set_period(self.ledger.period)

    def set_offset(self, role: str, frames: int) -> None:
        """Delay the paths of ``role`` by ``frames`` more, and declare them."""
        self._offsets[role] = frames
        self.set_period(self.ledger.period)

    def set_source(self, analyser: str, source: int) -> None:
        """Set the input of one of ANALYSERS to SOURCES[source] from its next hop on, and declare the new delay."""
        index = ANALYSERS.index(analyser)
        with self._declaring:
            self._sources[analyser] = source
            if not is_sum(source):
                self.arrays.sources[index] = source
            self._declare(self.ledger.period)
            self.arrays.sources[index] = source  # stems only after it waits for them

    def set_insert(self, point: str, timing: InsertTiming | None) -> None:
        """Set what the delay of an insert point is made of, and declare it; None: the point is off, without a delay.

        ``point``: one of INSERT_POINTS. A new delay applies after a fade to silence and back. Until `route_insert` the
        point puts out its input, delayed. INSERTS_ON is raised before the first delay and lowered behind the last.

        Raises:
            ConfigError: There is no such point, or its rings do not hold so much.
        """
        check_insert(point, timing)
        if timing is None:
            self.route_insert(point, False)
        else:
            words = self._get_insert_words(point)
            if words[w.INSERT_BLOCK] != timing.block_frames:
                publish(words, w.INSERT_BLOCK, timing.block_frames)
                self.restart_insert(point)
        with self._declaring:
            self._inserts.pop(point, None)
            if timing is not None:
                self._inserts[point] = timing
                publish(self.arrays.state, w.INSERTS_ON, 1)
            self._declare(self.ledger.period)
            publish(self.arrays.state, w.INSERTS_ON, int(bool(self._inserts)))

    def route_insert(self, point: str, is_routed: bool) -> None:
        """Put out what the worker of ``point`` returns, or its input; crossfaded within 64 frames. See `set_insert`."""
        publish(self._get_insert_words(point), w.INSERT_ROUTED, int(is_routed))

    def restart_insert(self, point: str) -> None:
        """Begin a new epoch for the worker of ``point``: its processor is reset, and begins at the present.

        Where no point is in use, as soon as one is.
        """
        words = self._get_insert_words(point)
        publish(words, w.INSERT_RESTART, int(words[w.INSERT_RESTART]) + 1)

    def _get_insert_words(self, point: str) -> NDArray[np.int64]:
        words: NDArray[np.int64] = self.insert_context.words[INSERT_POINTS.index(point)]
        return words

    def set_gains(self, ports: Mapping[str, float], mix: Mapping[str, float], is_dry: bool = False) -> None:
        """Set the linear gains by stem, of the stem ports and in the mix; applied by a ramp of 5 ms.

        ``is_dry``: the mix and the port of ``other`` are the delayed input, the other ports silent, whatever the gains;
        faded within 64 frames. All of it begins in the same callback.
        """
        gains = [part[stem] for part in (ports, mix) for stem in STEMS]
        _require_open(self._gains).publish(np.array(gains, np.float64), is_dry)

    def set_clock(self, selection: ClockSelection) -> None:
        """Set what the engines may take as their clock, from the next cycle on."""
        _require_open(self._clock).publish(selection)

    def set_timebase(self, line: BlockTime) -> None:
        """Set what bars and beats of the host's transport are made of, where we are its timebase master.

        While ``line`` rolls they are its own. While it stands they are counted from the transport's frame 0, by its
        tempo and bars.
        """
        _require_open(self._timebase).publish(ClockSelection(line))

    @property
    def is_rolling(self) -> bool:
        """Whether the music plays: the host's transport, a MIDI clock or the clock line rolls."""
        own = self.context.callback_state
        return bool(own[w.ROLLING] or own[w.CLOCK_RUNNING] or own[w.LINE_ROLLING])

    def set_ping(self, path: str, on: bool) -> None:
        """Make ``path`` a pure delay by its declared latency, or reconnect it to its engine."""
        bit, word = 1 << PATHS.index(path), int(self.arrays.state[w.PING])
        publish(self.arrays.state, w.PING, word | bit if on else word & ~bit)

    def set_value(self, name: str, value: float) -> None:
        """Set an engine's control, as `set_values` does."""
        self.set_values({name: value})

    def set_values(self, values: Mapping[str, float]) -> None:
        """Set controls of engines, by name, each from its engine's next hop on. No hop has some without the others.

        Raises:
            ControlError: No engine in the graph has a control of that name. Nothing is set.
        """
        for name in values:
            if name not in self._slots:
                raise ControlError(f"no engine in the graph has the control {name}", did_you_mean(name, self._slots))
        shared = self.arrays
        with self._setting, write_whole(shared.values_sequence):
            for name, value in values.items():
                shared.values[self._slots[name]] = value
        if TEMPO_MODE in values:
            publish(shared.state, w.FOLLOWING, int(values[TEMPO_MODE] == FOLLOW))

    def release_notes(self) -> None:
        """Release every sounding note at the next callback, those of the synth too."""
        self._increment(w.RELEASE)

    def set_midi_muted(self, muted: bool) -> None:
        """Mute or unmute the MIDI ports from the next callback on, and release sounding notes."""
        publish(self.arrays.state, w.MIDI_MUTED, int(muted))
        self.release_notes()

    def restart(self) -> None:
        """Begin a new epoch: every engine is reset."""
        self._increment(w.RESTART)

    def restart_one(self, index: int) -> None:
        """Begin a new epoch for one worker."""
        words = self.arrays.workers[index]
        publish(words, w.RESTART_ONE, int(words[w.RESTART_ONE]) + 1)

    def _increment(self, word: int) -> None:
        publish(self.arrays.state, word, int(self.arrays.state[word]) + 1)


def _require_open(part: T | None) -> T:
    if part is None:
        raise BridgeError("the graph is not open", "use it inside its with statement")
    return part
