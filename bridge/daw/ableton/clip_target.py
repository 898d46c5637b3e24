"""Clip target: a clip slot of Live, and the check that its track and scene are still in the set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.daw.ableton.live_follower import read_names
from bridge.daw.ableton.live_procedure import Procedure
from bridge.daw.ableton.live_protocol import LiveMissingError

MOST_LISTED = 24
"""Names in an error; a set may have hundreds of tracks."""


@dataclass(frozen=True, slots=True)
class ClipTarget:
    """A clip slot of Live: track and scene, counted from 0."""

    track: int
    slot: int

    @property
    def ids(self) -> tuple[int, int]:
        """Its numbers in messages."""
        return self.track, self.slot


def check_target(target: ClipTarget) -> Procedure[None]:
    """Read which tracks and scenes Live has now.

    Raises:
        LiveMissingError: The track or the scene is not there.
        LiveError: Live does not answer.
    """
    for kind, number in (("track", target.track), ("scene", target.slot)):
        names = yield from read_names(kind)
        if number >= len(names):
            raise LiveMissingError(f"Live has no {kind} {number + 1}", f"it has {list_names(names)}")


def list_names(names: Sequence[str]) -> str:
    """The names of tracks or scenes with their numbers from 1, such as ``1 Bass, 2 Keys``."""
    listed = ", ".join(f"{at} {name}".rstrip() for at, name in enumerate(names[:MOST_LISTED], 1))
    return f"{listed or 'none'}{f' and {len(names) - MOST_LISTED} more' if len(names) > MOST_LISTED else ''}"
