"""Learn binding: MIDI learn on the Bus: its actions, its readings, and the mapping files that it changes.

Actions come from the threads of OSC, messages from those of the devices, so it has a lock; nothing is published, and no
file is written, while it is held by a thread that carries messages.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bridge.control.bus import ActionHandler, Bus, Row
from bridge.control.preset_lookup import find_preset
from bridge.controllers.learning.learn import MOST, Candidate, Learn, LearnedBinding
from bridge.controllers.learning.learn_target import LearnTarget, describe_target, list_inputs_of, parse_target
from bridge.controllers.learning.mapping_editor import LearnDevice, MappingEditor
from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.mapping import SetStrip
from bridge.controllers.mappings.mapping_reader import never
from bridge.controllers.mappings.message_specs import format_message_spec
from bridge.errors import BridgeError, ControlError

log = logging.getLogger(__name__)

PUBLISH_S = 0.1
"""Candidates are published at most so often."""
GIVE_UP_S = 180.0
"""Without any candidate's movement for so long, learning ends: the user has left."""
UNCONNECTED = "no controller is connected: plug it in, or connect its port to control_in; then"
TAKE = "take it, or move another"


class LearnBinding:
    """MIDI learn in a running sidecar.

    ``list_devices``: all devices that are connected, those without a mapping too. ``reload``: called after a mapping
    file was written. Add `handlers` to the Bus; call `observe` with every message, `update` ten times a second.
    """

    def __init__(
        self,
        bus: Bus,
        list_devices: Callable[[], Iterable[LearnDevice]],
        reload: Callable[[], object],
        is_known: Callable[[str], bool] = never,
    ) -> None:
        self._bus, self._list_devices, self._reload = bus, list_devices, reload
        self._editor = MappingEditor(bus.registry, is_known)
        self._learn = Learn(bus.registry, self._get_mapping)
        self._lock = threading.Lock()
        self._editing = threading.Lock()
        self._now_s = self._due_s = self._moved_s = 0.0
        self._rows: list[Row] = [_make_row(rank, None) for rank in range(1, MOST + 1)]
        self._state: Row = ("off", "", "", "", "", "")

    @property
    def listening(self) -> bool:
        """Whether something is being learned: a message that is observed then is to have no other effect."""
        return self._learn.target is not None

    def handlers(self) -> Mapping[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "learn.start": self.start,
            "learn.take": self.take,
            "learn.forget": self.forget,
            "learn.undo": self.undo,
            "learn.cancel": self.cancel,
        }

    def observe(self, device: str, message: bytes, now_s: float) -> None:
        """Note one whole message of a device. Costs nothing while nothing is being learned."""
        if self._learn.target is not None:
            with self._lock:
                self._learn.observe(device, message, now_s)

    def update(self, now_s: float) -> None:
        """Publish what has been moved. Call it in one thread, at least ten times a second."""
        self._now_s = now_s
        if not self.listening or now_s < self._due_s:
            return
        self._due_s = now_s + PUBLISH_S
        with self._lock:
            target = self._learn.target
            candidates = self._learn.candidates(now_s)
        if target is None:
            return
        if self._publish_candidates(candidates):
            self._moved_s = now_s
            self._publish_listening(target, candidates)
        elif now_s - self._moved_s > GIVE_UP_S:
            self._end("off", target.name, detail="nothing was moved for three minutes")
        elif not candidates:
            self._publish_listening(target, ())  # a device may have been connected, or unplugged

    def start(self, text: str) -> None:
        """Learn what is to set the control, or trigger the action, ``text``; see `parse_target`.

        Raises:
            ControlError: There is none, or no preset of that name.
        """
        wanted = parse_target(self._bus.registry, text)
        if wanted.item.name == "preset.load":
            find_preset(wanted.argument)  # else a press would be the first to say that it is missing
        with self._lock:
            target = self._learn.start(text)
            self._moved_s = self._now_s
        self._publish_candidates(())
        self._publish_listening(target, ())

    def take(self, text: str) -> None:
        """Bind the candidate of the rank ``text`` and write the mapping.

        Raises:
            ControlError: There is no such candidate, or it cannot be bound to this.
            ConfigError: The mapping cannot be written. Learning goes on.
        """
        if not text.strip().isdecimal():
            raise ControlError(f"{text!r} is no rank", f"give 1 to {MOST}, as learn.candidate lists them")
        with self._editing:
            with self._lock:
                binding = self._learn.take(int(text), self._now_s)
            device = self._find_device(binding.device)
            path = self._edit(lambda: self._editor.add(binding, device))
            detail = f"{_describe_result(binding, device)}; written into {path}"
            self._end("learned", binding.target.name, binding, detail)

    def forget(self, text: str) -> None:
        """Remove what sets the control, or triggers the action, ``text`` from the mappings of all devices.

        Raises:
            ControlError: There is none of that name, or nothing sets it.
            ConfigError: A mapping cannot be written.
        """
        name = text.strip().partition(" ")[0]
        if self._bus.registry.find(name) is None:
            parse_target(self._bus.registry, name)
        with self._editing:
            devices = [one for one in self._list_devices() if one.mapping and list_inputs_of(one.mapping, name)]
            if not devices:
                raise ControlError(f"no connected device has anything that sets {name}", self._hint_strip(name))
            for device in devices:
                self._edit(lambda device=device: self._editor.remove(name, device))  # type: ignore[misc]
            self._end("forgotten", name, detail=f"removed from {', '.join(one.name for one in devices)}")

    def undo(self) -> None:
        """Restore the mapping file that was changed last.

        Raises:
            ConfigError: Nothing is left to undo, or others have changed or deleted the file since.
        """
        with self._editing:
            change = self._editor.undo()
            self._read_again()
            there = "as it was before" if change.path.exists() else "removed"
            done = f"on {change.message} of" if change.message else "removed from"
            detail = f"{change.control} {done} {change.device}; {change.path} is {there}"
            self._end("undone", change.control, detail=detail)

    def cancel(self) -> None:
        """End learning, and bind nothing."""
        self._end("off")

    def _edit(self, act: Callable[[], Path]) -> Path:
        try:
            path = act()
        except BridgeError as error:
            control = self._learn.target.name if self._learn.target is not None else ""
            self._publish_state(("refused", control, "", "", "", str(error)))
            raise
        self._read_again()
        return path

    def _read_again(self) -> None:
        """Have the mappings read again. Ours has been checked, so an error is in another one, and is logged."""
        try:
            self._reload()
        except BridgeError as error:
            log.warning("%s", error)

    def _end(self, state: str, control: str = "", binding: LearnedBinding | None = None, detail: str = "") -> None:
        with self._lock:
            self._learn.cancel()
        self._publish_candidates(())
        kind = "" if binding is None else binding.entry.encoder or binding.entry.button or ""
        device, message = ("", "") if binding is None else (binding.device, binding.entry.midi)
        self._publish_state((state, control, device, message, kind, detail))

    def _publish_listening(self, target: LearnTarget, candidates: tuple[Candidate, ...]) -> None:
        if not candidates:
            self._publish_state(("listening", target.name, "", "", "", self._describe_present(target)))
            return
        first = candidates[0]
        kind = first.detection.kind or ""
        self._publish_state(
            ("listening", target.name, first.device, first.message, kind, first.detection.question or TAKE)
        )

    def _describe_present(self, target: LearnTarget) -> str:
        """What sets the target now, and what the user does next."""
        devices = list(self._list_devices())
        if not devices:
            return f"{UNCONNECTED} {target.prompt}"
        found = [
            f"{format_message_spec(one.message)} of {device.name}"
            for device in devices
            if device.mapping is not None
            for one in device.mapping.inputs
            if describe_target(one.target) == target.name
        ]
        return f"{', '.join(found)} does it already and will go on; {target.prompt}" if found else target.prompt

    def _publish_candidates(self, candidates: tuple[Candidate, ...]) -> bool:
        """Publish the candidates whose row has changed; whether any has."""
        by_rank = {one.rank: one for one in candidates}
        changed = False
        for rank in range(1, MOST + 1):
            row = _make_row(rank, by_rank.get(rank))
            if row != self._rows[rank - 1]:
                self._rows[rank - 1] = row
                self._bus.publish("learn.candidate", *row)
                changed = True
        return changed

    def _publish_state(self, state: Row) -> None:
        if state != self._state or state[0] != "listening":
            self._state = state
            self._bus.publish("learn.state", *state)

    def _get_mapping(self, name: str) -> ControllerMapping | None:
        return next((one.mapping for one in self._list_devices() if one.name == name), None)

    def _find_device(self, name: str) -> LearnDevice:
        for device in self._list_devices():
            if device.name == name:
                return device
        raise ControlError(f"{name} is not connected any more", "connect it, and move the fader again")

    def _hint_strip(self, name: str) -> str:
        """What to do about a control that a fader sets only while the bank has its strip there."""
        for device in self._list_devices():
            if device.mapping is None:
                continue
            used = {one.target.function for one in device.mapping.inputs if isinstance(one.target, SetStrip)}
            named = {
                function
                for strip in device.mapping.strips
                for function, one in strip.controls.items()
                if one.name == name
            }
            if used & named:
                return f"it is a strip of {device.name}, which the bank moves: learn another control for its fader"
        return "sideman controllers lists what is bound"


def _make_row(rank: int, candidate: Candidate | None) -> Row:
    if candidate is None:
        return rank, "", "", "", 0.0, ""
    detection = candidate.detection
    kind = detection.kind or ("encoder?" if detection.relative else "button?" if detection.is_button else "?")
    return rank, candidate.device, candidate.message, kind, round(candidate.movement, 3), candidate.conflict


def _describe_result(binding: LearnedBinding, device: LearnDevice) -> str:
    detail = f"{binding.target.name} is on {binding.entry.midi} of {device.name}"
    if binding.conflict == binding.target.name:
        return f"{detail}, as before"
    return f"{detail}, no longer {binding.conflict}" if binding.conflict else detail
