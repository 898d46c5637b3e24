"""Latency ledger: the paths through the sidecar, their declared delays, and the buffering arithmetic."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import gcd

from bridge.core.role import ROLES, find_role_of_ring

UNMEASURED = -1

SENDS: tuple[str, ...] = ("none", "path", "loop")
"""Declarations for those who send to our inputs.

``none``: the returns declare the delay of their paths, the inputs nothing. ``path``: the inputs declare it too, as
playback latency, for a player whose sound is only listened to. A DAW that records the returns would count it twice.
``loop``, the default: as none, and for a DAW that sends and records what returns, each return declares one period more,
which JACK adds in a loop and no range shows, and less by the playback latency of the track that records. The DAW takes
that latency off as well, as if a musician played to what he hears, but a loop does not pass the loudspeakers (measured
with Ardour 7.3; ``Route::update_signal_latency`` and ``DiskWriter::check_record_status`` in its source).
"""
NO_SENDS, PATH_SENDS, LOOP_SENDS = SENDS

RETURNED: tuple[str, ...] = tuple(path.name for path in ROLES[find_role_of_ring("stems")].paths)
"""Audio paths from the input back to the DAW; the band's audio is not among them."""
AUDIO_PATHS: tuple[str, ...] = tuple(path.name for role in ROLES.values() for path in role.paths if len(path.ports) > 1)
"""Audio paths, each with a port per channel."""
MIDI_PORTS: tuple[str, ...] = tuple(
    port for role in reversed(ROLES.values()) for path in role.paths for port in path.ports if port == path.name
)
"""The MIDI outputs, in the order of the ports; each is also the name of the ring that feeds it."""
PATHS: tuple[str, ...] = (*AUDIO_PATHS, *MIDI_PORTS)
"""Every path of the ledger; the index of a path is its bit in the ping word."""


def buffering_frames(hop: int, period: int) -> int:
    """Frames that a sample may wait until its hop is complete: ``hop - gcd(hop, period)``.

    Necessary and sufficient for any pair; ``hop - period`` where the period divides the hop, 0 where the hop
    divides the period.
    """
    return hop - gcd(hop, period)


def describe_disagreement(name: str, declared: int, measured: int) -> str:
    """A measured delay, in frames, that is not the declared one, in words. ``name``: of the path."""
    found = "nothing came back" if measured == UNMEASURED else f"measured {measured}"
    return f"{name}: declared {declared} frames, {found}"


@dataclass(frozen=True, slots=True)
class Path:
    """One signal path through the sidecar; all delays in frames.

    Attributes:
        name: The name of the path, one of PATHS.
        ports: The output ports of the path.
        model: The delay of the engine itself: synthesis window minus hop, or minus the lead where it predicts.
        buffering: The wait until a hop is complete (`buffering_frames`).
        reserve: Compute headroom: the time until the worker's deadline.
        user_offset: The delay that the user added.
        period: JACK's extra period on a feedback path, which no port range includes.
        measured: The measured delay; -1 until measured.
        late: The number of frames that were missing.
        upstream: The delay of its sources, stems or notes; 0 where its input is the mix.
        insert: The delay of the insert points that it passes: their buffering, reserve and the latency of the chain.
    """

    name: str
    ports: tuple[str, ...]
    model: int
    buffering: int
    reserve: int
    user_offset: int = 0
    period: int = 0
    measured: int = UNMEASURED
    late: int = 0
    upstream: int = 0
    insert: int = 0

    @property
    def declared(self) -> int:
        """The declared latency: model, upstream, buffering, reserve, user offset and insert, in frames."""
        return self.model + self.upstream + self.buffering + self.reserve + self.user_offset + self.insert


class Ledger:
    """The latency paths by name. Any change of a declared delay increments ``rev``. Callable from any thread."""

    def __init__(self, rate: int, period: int) -> None:
        """``rate``: in Hz. ``period``: frames per callback."""
        self.rate = rate
        self.period = period
        self.rev = 0
        self.sends = LOOP_SENDS
        self._paths: dict[str, Path] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Path]:
        return iter(list(self._paths.values()))

    def __getitem__(self, name: str) -> Path:
        return self._paths[name]

    def __contains__(self, name: str) -> bool:
        return name in self._paths

    def declare(self, path: Path) -> None:
        """Add or replace a row; a measured delay is kept only while the declared one stays the same."""
        with self._lock:
            old = self._paths.get(path.name)
            if old is not None and old.declared == path.declared:
                path = replace(path, measured=old.measured)
            if old is None or old.declared != path.declared:
                self.rev += 1
            self._paths[path.name] = path

    def set_sends(self, sends: str) -> None:
        """Set what is declared for those who send to us, one of SENDS."""
        with self._lock:
            if sends != self.sends:
                self.sends = sends
                self.rev += 1

    def set_measured(self, name: str, frames: int) -> bool:
        """Store a measured delay; True where it equals the declared one within one frame."""
        with self._lock:
            self._paths[name] = replace(self._paths[name], measured=frames)
            return abs(frames - self._paths[name].declared) <= 1

    def set_late(self, name: str, frames: int) -> None:
        """Set the number of late frames of a path so far."""
        with self._lock:
            self._paths[name] = replace(self._paths[name], late=frames)

    def to_dict(self) -> dict[str, object]:
        """For JSON: rate, period, rev, sends and the rows, each with ``declared`` and ``declared_ms``."""
        rows = [
            asdict(p) | {"declared": p.declared, "declared_ms": round(1000 * p.declared / self.rate, 3)} for p in self
        ]
        return {"rate": self.rate, "period": self.period, "rev": self.rev, "sends": self.sends, "paths": rows}
