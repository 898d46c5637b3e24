"""Device session: one open device, from the messages that set it up to those that leave it as it was.

A device may have been left in its mode by a crash, so a session sends ``exit`` before ``init``. It stays in the state
"port" until the device answers as its mapping expects; other traffic, such as a clock, says nothing about it. ``init``
is sent again every `RETRY_S` until the device answers, however long that takes.

What goes out waits in a queue at the pace that the device can take. The surface is asked for more only when the queue
is empty: it gives differences to what the device shows, so a light that changed a hundred times meanwhile costs one
message, and the queue cannot grow.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from bridge.controllers.mappings.mapping import Mapping
from bridge.controllers.mappings.mapping_file import DeviceTable
from bridge.controllers.ports.midi_port import MidiPort
from bridge.core.midi import SYSTEM, get_channel, get_status
from bridge.errors import DriverError

log = logging.getLogger(__name__)

EXPECT_S = 2.0
"""Time for which lights wait for the device's answer. Then they are sent all the same: some devices never answer."""
RETRY_S = 5.0
SLEEP_S = 30.0
"""Nobody called for so long: the machine slept, and the device may have forgotten all it was sent."""
CLOSE_S = 2.0
"""A device that takes its exit messages so slowly gets the rest at once."""

SessionState = Literal["port", "confirmed"]


class Surface(Protocol):
    """What runs on a device: it takes its messages and says what it shows. A `Controller` is one."""

    def receive(self, message: bytes, now_s: float) -> None:
        """Take a whole message of the device."""
        ...

    def update(self, now_s: float) -> None:
        """All messages that had arrived by now were taken."""
        ...

    def take_output(self, now_s: float) -> list[bytes]:
        """What has to be sent now, as differences to what the device shows."""
        ...

    def replay(self) -> None:
        """The device has forgotten everything: all it shows is to be sent again."""
        ...

    def release(self, now_s: float) -> None:
        """The device is gone: what is held or touched on it no longer is."""
        ...

    def close(self) -> None:
        """End: no message comes any more, none is asked for."""
        ...


class Handshake(Protocol):
    """Talk that confirms who the device is; see `bridge.controllers.mcu.handshake`."""

    @property
    def is_confirmed(self) -> bool: ...

    def start(self, now_s: float) -> list[bytes]:
        """What is sent first."""
        ...

    def update(self, now_s: float) -> list[bytes]:
        """What is sent by now without being asked."""
        ...

    def receive(self, message: bytes, now_s: float) -> list[bytes]:
        """What is sent in answer to a message."""
        ...


class DeviceSession:
    """An open device with its surface. All times in seconds of one clock that never goes back.

    Call `start` once, then `update` every few milliseconds until `is_gone`, or `is_closed` after `close`.
    ``on_warning`` gets the text of a mapping's warning when the device says that it applies, once until another does.
    """

    def __init__(
        self,
        port: MidiPort,
        surface: Surface,
        mapping: Mapping,
        handshake: Handshake | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> None:
        self.surface = surface
        self.mapping = mapping
        self.state: SessionState = "port"
        self.is_gone = False
        """The port failed; the surface was released. Nothing more is sent or received."""
        self.failure = ""
        """Why it is gone, where the port said so."""
        self.is_closed = False
        """The exit messages have left and the port is closed."""
        self.warning = ""
        """The warning that applies, until the device says that it no longer does."""
        self.received = self.sent = 0
        """Messages so far."""
        self._port, self._handshake, self._on_warning = port, handshake, on_warning
        self._queue: deque[bytes] = deque()
        self._burst = 0
        self._free_s = self._updated_s = 0.0
        self._lights_s = self._retry_s = self._keepalive_s = 0.0
        self._close_by_s: float | None = None

    @property
    def port_name(self) -> str:
        return self._port.name

    @property
    def incomplete(self) -> int:
        """Messages that arrived without their end."""
        return self._port.incomplete

    @property
    def has_waiting(self) -> bool:
        """Whether messages wait for the device's pace: then `update` is due in a millisecond."""
        return bool(self._queue)

    def start(self, now_s: float) -> None:
        """Put the device into its mode, whatever state it was left in; all it shows follows."""
        self.state, self.warning = "port", ""
        self._queue.clear()
        self._queue.extend(self.mapping.exit)
        self._updated_s = now_s
        self._keepalive_s = now_s
        self._lights_s = now_s + (EXPECT_S if self._is_answer_expected else 0.0)
        self._set_up(now_s)
        if self._handshake is not None:
            self._queue.extend(self._handshake.start(now_s))
        self.surface.replay()
        self._pump(now_s)

    def update(self, now_s: float) -> None:
        """Take what arrived, send what is due."""
        if self.is_gone or self.is_closed:
            return
        if self._close_by_s is not None:
            self._pump(now_s)
            return
        if now_s - self._updated_s > SLEEP_S:
            self.surface.release(now_s)
            self.start(now_s)
        self._updated_s = now_s
        if not self.is_gone:
            self._receive(now_s)
        if not self.is_gone:
            self._send_due(now_s)
            self._pump(now_s)

    def replace_surface(self, surface: Surface, mapping: Mapping, now_s: float) -> None:
        """Go on with another surface on the same device: its mapping was edited, its `device` was not.

        The old surface is released and closed. The new one is to show everything.
        """
        self.surface.release(now_s)
        self.surface.close()
        self.surface, self.mapping = surface, mapping
        self._queue.clear()
        surface.replay()

    def close(self, now_s: float) -> None:
        """Leave the device: what waits is dropped, its exit messages are sent at its pace, then the port is closed.

        A device that can be sent to at any speed is closed at once; else call `update` until `is_closed`.
        """
        if self.is_gone or self.is_closed or self._close_by_s is not None:
            return
        self.surface.release(now_s)
        self._queue.clear()
        self._queue.extend(self.mapping.exit)
        self._close_by_s = now_s + CLOSE_S
        self._pump(now_s)

    def abandon(self, now_s: float) -> None:
        """The port is no longer there: release the surface and close what is left of the port."""
        if not self.is_gone and not self.is_closed:
            self._lose(now_s)

    @property
    def _is_answer_expected(self) -> bool:
        return bool(self.mapping.init_expect) or self._handshake is not None

    def _set_up(self, now_s: float) -> None:
        self._retry_s = now_s + RETRY_S
        self._queue.extend(self.mapping.init)

    def _send_due(self, now_s: float) -> None:
        """Queue what comes without being asked for."""
        is_due = self.mapping.init_expect and self.state == "port" and now_s >= self._retry_s
        # a slow device may still be being sent the last one
        if is_due and not any(message in self._queue for message in self.mapping.init):
            self._set_up(now_s)
        if self._handshake is not None:
            self._queue.extend(self._handshake.update(now_s))
        keepalive = self.mapping.device.keepalive
        if keepalive is not None and self.mapping.keepalive and now_s >= self._keepalive_s:
            self._keepalive_s = now_s + keepalive.every_s
            if self.mapping.keepalive not in self._queue:
                self._queue.appendleft(self.mapping.keepalive)

    def _receive(self, now_s: float) -> None:
        try:
            messages = self._port.receive()
        except DriverError as error:
            self._lose(now_s, error)
            return
        self.received += len(messages)
        for message in messages:
            self._take(message, now_s)
        if messages:
            self.surface.update(now_s)

    def _take(self, message: bytes, now_s: float) -> None:
        if self._handshake is not None:
            self._queue.extendleft(reversed(self._handshake.receive(message, now_s)))
            if self._handshake.is_confirmed:
                self._confirm(now_s)
            elif not self.mapping.init_expect:
                # it was switched off and on, and talks anew
                self.state = "port"
        if has_pattern(message, self.mapping.init_expect):
            self._confirm(now_s)
        if self.mapping.warnings:
            self._note_warning(message)
        self.surface.receive(_fold_channel(message, self.mapping.device), now_s)

    def _note_warning(self, message: bytes) -> None:
        for warning in self.mapping.warnings:
            if has_pattern(message, warning.unless):
                self.warning = "" if self.warning == warning.text else self.warning
            elif has_pattern(message, warning.pattern) and self.warning != warning.text:
                self.warning = warning.text
                if self._on_warning is not None:
                    self._on_warning(warning.text)

    def _confirm(self, now_s: float) -> None:
        if self.state == "port":
            self.state = "confirmed"
            # what was sent before may have met the wrong mode
            self._lights_s = now_s
            self.surface.replay()

    def _pump(self, now_s: float) -> None:
        """Send what the device's pace allows now; while closing, close the port after the last message."""
        self._send_queue(now_s)
        if self._close_by_s is None:
            # where it is free, nothing waits
            if not self.is_gone and now_s >= max(self._free_s, self._lights_s):
                self._queue.extend(self.surface.take_output(now_s))
                self._send_queue(now_s)
        elif not self._queue and not self.is_gone:
            self.is_closed = True
            self._close_port()

    def _send_queue(self, now_s: float) -> None:
        is_late = self._close_by_s is not None and now_s >= self._close_by_s
        while self._queue and not self.is_gone and (now_s >= self._free_s or is_late):
            self._send(self._queue.popleft(), now_s)

    def _send(self, message: bytes, now_s: float) -> None:
        try:
            self._port.send(message)
        except DriverError as error:
            self._lose(now_s, error)
            return
        self.sent += 1
        pacing = self.mapping.device.pacing
        wait_ms = pacing.gap_ms + pacing.byte_ms * len(message)
        if pacing.burst:
            if now_s - self._free_s >= pacing.pause_ms / 1000.0:
                self._burst = 0
            self._burst += 1
            if self._burst >= pacing.burst:
                self._burst, wait_ms = 0, wait_ms + pacing.pause_ms
        self._free_s = now_s + wait_ms / 1000.0

    def _lose(self, now_s: float, error: DriverError | None = None) -> None:
        if error is not None:
            log.warning("%s: %s", self.mapping.name, error)
            self.failure = str(error)
        self.is_gone = True
        self.state = "port"
        self._queue.clear()
        self.surface.release(now_s)
        self._close_port()

    def _close_port(self) -> None:
        try:
            self._port.close()
        except DriverError as error:
            log.warning("%s: %s", self.mapping.name, error)


def _fold_channel(message: bytes, device: DeviceTable) -> bytes:
    """A message on ``also_channel`` of the device as one on its ``channel``."""
    if device.also_channel is None or message[0] >= SYSTEM or get_channel(message) != device.also_channel - 1:
        return message
    return bytes((get_status(message) | device.channel - 1,)) + message[1:]


def has_pattern(message: bytes, pattern: Sequence[int | None]) -> bool:
    """Whether ``message`` begins with ``pattern``, where None stands for any byte; False for an empty pattern."""
    return (
        bool(pattern)
        and len(message) >= len(pattern)
        and all(wanted is None or wanted == byte for wanted, byte in zip(pattern, message, strict=False))
    )
