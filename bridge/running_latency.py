"""Running latency: the ledger of a sidecar that runs, inserts included, as it answers by OSC."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.control.insert_controls import INSERT_READING
from bridge.control.sidecar_readings import READINGS
from bridge.core.control import address_of
from bridge.core.insert import rank_point
from bridge.core.latency import Ledger, Path, describe_disagreement
from bridge.core.role import ROLES
from bridge.errors import DriverError
from bridge.osc.client import OscClient

PORTS = {path.name: path.ports for role in ROLES.values() for path in role.paths}
"""Ports by the name of their path: a row of the reading does not have them."""
_FIELDS = {reading.name: reading.fields for reading in (*READINGS, INSERT_READING)}
_PARTS = ("model", "buffering", "reserve", "user_offset", "period", "measured", "late", "upstream", "insert")
_ASKED = ("sideman", "counters", "latency", INSERT_READING.name)
MEASURE_ADDRESS, ANYWAY = "/latency/measure", "anyway"
"""The action that measures, and its argument with which it does so although the music plays."""
MEASURE_S = 60.0
"""A measurement takes two seconds or so; on a server with long periods, and beside other load, longer."""


@dataclass(frozen=True, slots=True)
class RunningLatency:
    """What a running sidecar declares. ``client``: its JACK client, on ``server``. ``inserts``: a phrase of each."""

    ledger: Ledger
    client: str
    server: str
    inserts: tuple[str, ...]

    def describe(self) -> str:
        """Whose figures these are, as the end of a sentence."""
        inserts = f"with its inserts ({', '.join(self.inserts)})" if self.inserts else "no insert is chosen"
        return (
            f"the sidecar {self.client} that runs on {self.server} at {self.ledger.rate} Hz, period "
            f"{self.ledger.period}; {inserts}."
        )

    def find_disagreements(self) -> list[str]:
        """A line for each path with ports whose measured delay is not the declared one."""
        return [
            describe_disagreement(path.name, path.declared, path.measured)
            for path in self.ledger
            if path.ports and path.measured != path.declared
        ]


def read_running_latency(client: OscClient) -> RunningLatency:
    """Ask the sidecar that ``client`` reaches for its ledger and its inserts.

    Raises:
        DriverError: Nothing answers, or no audio has run there so far.
        ControlError: It refuses to answer.
    """
    rows: dict[str, list[dict[str, object]]] = {address_of(name): [] for name in _ASKED}
    for name in _ASKED:
        for address, values in client.gather("/get", address_of(name), done="/get/done"):
            if address in rows and values:
                rows[address].append(dict(zip(_FIELDS[name], values, strict=False)))
    identities, counters, paths, inserts = rows.values()
    if not (identities and counters and paths and _count(counters[0], "period")):  # the first callback sets it
        raise DriverError("the sidecar has no figures yet", "wait until it has started, then ask again")
    ledger = Ledger(_count(counters[0], "rate"), _count(counters[0], "period"))
    for row in paths:
        name = str(row["path"])
        parts = {part: _count(row, part) for part in _PARTS}
        ledger.declare(Path(name, PORTS.get(name, ()), **parts))
    inserts.sort(key=lambda row: rank_point(str(row["point"])))  # they come in the order of their last change
    shown = tuple(f"{row['point']}: {row['chain']}, {row['state']}" for row in inserts)
    return RunningLatency(ledger, str(identities[0]["name"]), str(identities[0]["server"]), shown)


def measure_running_latency(client: OscClient, anyway: bool = False) -> RunningLatency:
    """Let the sidecar measure the path to each of its ports, with its inserts; ``anyway``: also while music plays.

    Raises:
        DriverError: Nothing answers.
        ControlError: The music plays, the paths are being measured already, or the sidecar has no ports.
    """
    rows = client.call(MEASURE_ADDRESS, *((ANYWAY,) if anyway else ()), timeout_s=MEASURE_S)
    running = read_running_latency(client)
    for name, _declared, frames in rows:
        if str(name) in running.ledger:
            running.ledger.set_measured(str(name), int(str(frames)))
    return running


def _count(row: dict[str, object], field: str) -> int:
    """A whole number of a row; 0 where an older sidecar does not have the field."""
    return int(str(row.get(field, 0)))
