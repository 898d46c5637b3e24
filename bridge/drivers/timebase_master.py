"""Timebase master: asks JACK to let us set bars and beats of its transport, and gives them back."""

from __future__ import annotations

from typing import Any

from bridge.drivers.libjack import address, load
from bridge.runtime.timebase_status import MASTER, OFF, REFUSED, TimebaseStatus

RETRY_S = 1.0
"""Time between two requests: where another program holds the timebase, it may leave; where we do, one may take it."""


class TimebaseMaster:
    """Follows ``status`` on an activated ``client``. ``argument``: the address of the words of `CallbackArgument`.

    A request never takes the timebase from another program. One that takes it from us, as JACK lets it, is noticed
    within RETRY_S.
    """

    def __init__(self, client: Any, argument: Any, status: TimebaseStatus) -> None:
        self._client, self._argument, self._status = client, argument, status
        self._due_s = 0.0
        status.state = OFF

    def update(self, now_s: float) -> None:
        """Request or release the timebase where it is time to. ``now_s``: seconds of any clock that runs on."""
        if not self._status.is_wanted:
            self.release()
        elif self._status.state == OFF or now_s >= self._due_s:
            from bridge.drivers.timebase_callback import set_position  # compiles or loads machine code

            self._due_s = now_s + RETRY_S
            refused = load().jack_set_timebase_callback(
                address(self._client._ptr), 1, set_position.address, self._argument
            )
            self._status.state = REFUSED if refused else MASTER

    def release(self) -> None:
        """Let another program have the timebase. JACK's last bars and beats stay where they are."""
        if self._status.state == MASTER:
            load().jack_release_timebase(address(self._client._ptr))
        self._status.state = OFF
