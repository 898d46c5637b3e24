"""Insert controls: what a user sets at each insert point, and the reading of what runs there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.control.registry import Registry
from bridge.core.control import Control, Reading, format_value
from bridge.core.insert import INSERT_POINTS
from bridge.core.insert_registry import OFF

CHAIN_CONTROLS: tuple[str, ...] = tuple(f"inserts.{point}.chain" for point in INSERT_POINTS)
"""Names of the controls that choose a chain."""

RESERVE_FRAMES = 512
"""Default headroom of an insert: four blocks. A chain of three plugins takes at most 2.5 ms of 11 ms for one."""

PLACES: Mapping[str, str] = {"mix": "the mix, behind its faders", "band": "the band's sound"}
"""Names of what a point processes, for help texts; for the others it is the stem, before its faders."""

INSERT_READING = Reading(
    "insert",
    ("point", "chain", "state", "latency_frames", "delay_frames", "late_frames", "faults", "crashes", "p99_share"),
    "An insert that is chosen. state: starting, running, bypassed, died (why), stalled, refused: why, or off: why; "
    "the dry signal is played in all but running. latency_frames: of its plugins. delay_frames: by which the point is "
    "delayed, that latency included. late_frames: played dry, because the insert was late. faults: blocks that failed "
    "or were not finite. crashes: of its worker, in a row. p99_share: 99 % of its blocks took less than this share of "
    "the time that a block lasts.",
    keyed=True,
)
INSERT_CHAIN_READING = Reading(
    "insert.chain",
    ("chain", "obstacle", "doc"),
    "A chain that can be chosen as an insert. obstacle: why it cannot run live and is refused, empty where it can. "
    "doc: what it does.",
    keyed=True,
)


@dataclass(frozen=True, slots=True)
class InsertSetting:
    """What the user wants at an insert point. ``chain``: OFF for nothing. ``reserve_frames``: its worker's headroom."""

    chain: str = OFF
    is_bypassed: bool = False
    reserve_frames: int = RESERVE_FRAMES


def make_insert_controls(names: tuple[str, ...] = ()) -> Iterator[Control]:
    """The controls of every point; ``names``: the inserts that can be chosen."""
    for point in INSERT_POINTS:
        place = PLACES.get(point, f"the {point} stem, before its faders")
        yield Control(
            f"inserts.{point}.chain", 0, 0, 0, kind="choice", choices=(OFF,),
            doc=f"Plugin chain in {place}: off, or one of the chains that `sideman chain list` shows.",
            takes_effect="delay moves",
        ).add_user_choices(names)  # fmt: skip
        yield Control(
            f"inserts.{point}.bypass", 0, 1, 0, kind="switch",
            doc=f"Bypass the insert of {place}: the dry signal with the same delay.",
        )  # fmt: skip
        yield Control(
            f"inserts.{point}.reserve_frames", 16, 4096, RESERVE_FRAMES, unit="frames", kind="integer",
            doc=f"Compute headroom of the insert of {place}. It is part of the declared latency while one is chosen.",
            takes_effect="delay moves",
        )  # fmt: skip


def read_insert_settings(registry: Registry, values: Mapping[str, float]) -> dict[str, InsertSetting]:
    """What the user wants at each point, from the ``values`` of all controls of ``registry``."""
    return {point: _read_setting(registry, values, f"inserts.{point}") for point in INSERT_POINTS}


def _read_setting(registry: Registry, values: Mapping[str, float], prefix: str) -> InsertSetting:
    chain = registry.get_control(f"{prefix}.chain")
    return InsertSetting(
        str(format_value(chain, values[chain.name])),
        values[f"{prefix}.bypass"] > 0.5,
        int(values[f"{prefix}.reserve_frames"]),
    )
