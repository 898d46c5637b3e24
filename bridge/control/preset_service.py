"""Preset service: the actions on presets of a running sidecar, and the readings about them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType

from bridge.config import user_dir
from bridge.control import preset
from bridge.control.bus import ActionHandler, Bus, Row
from bridge.control.insert_controls import CHAIN_CONTROLS, INSERT_CHAIN_READING
from bridge.control.preset import LONGEST_DOC, Preset
from bridge.control.preset_lookup import (
    FOLDER,
    SUFFIX,
    PresetEntry,
    delete_preset,
    describe_preset,
    find_preset,
    get_user_path,
    list_presets,
    rename_preset,
)
from bridge.core.control import format_value
from bridge.errors import ConfigError
from bridge.file_stamps import Stamp, stamp_files
from bridge.printing import one_line
from bridge.toml import LONGEST_MESSAGE, shorten

log = logging.getLogger(__name__)

FILES_S = 1.0
"""Time between two looks at the user's folder."""


class PresetService:
    """A context manager: inside, changed files are noticed. The actions work without it. Thread-safe."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._lock = threading.RLock()
        self._name, self._values = "", dict[str, float]()
        """The preset that was loaded or saved last; an empty name: none."""
        self._is_stale = False
        self._stamps: tuple[int, tuple[Stamp, ...]] | None = None
        """The revision of the registry and the state of the files with which the presets were listed."""
        self._rows: dict[str, Row] = {}
        self._problem = ""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        bus.subscribe(self._note_change, settled=self._update_current)

    def __enter__(self) -> PresetService:
        self._publish_current()
        self.update()
        self._thread = threading.Thread(target=self._watch, name="presets", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def handlers(self) -> dict[str, ActionHandler]:
        """The handlers of the actions, by name."""
        return {
            "preset.load": self.load,
            "preset.save": self.save,
            "preset.show": self.show,
            "preset.rename": self.rename,
            "preset.delete": self.delete,
            "preset.describe": self.describe,
        }

    def load(self, name: str) -> Iterable[Row]:
        """Set the controls that the preset names, all at once.

        Returns the chains among them that cannot run live: control, chain, why.

        Raises:
            ConfigError: There is no such preset, or a name or value in it is wrong. Nothing is set.
        """
        loaded = preset.load(find_preset(name), self._bus.registry)
        self.apply(name, loaded)
        return self._find_obstacles(loaded)

    def _find_obstacles(self, loaded: Preset) -> list[Row]:
        obstacles = {row[0]: row[1] for row in self._bus.get_rows(INSERT_CHAIN_READING.name)}
        found: list[Row] = []
        for name in CHAIN_CONTROLS:
            if name in loaded.values:
                word = str(format_value(self._bus.registry.get_control(name), loaded.values[name]))
                found += [(name, word, obstacles[word])] if obstacles.get(word) else []
        return found

    def apply(self, name: str, loaded: Preset) -> None:
        """Set the controls of a preset that was loaded from the file ``name``."""
        self._set_current(name, loaded.values)
        preset.apply(loaded, self._bus)
        self._publish_current()

    def save(self, name: str, doc: str | None = None) -> None:
        """Save the controls in the user's folder; ``doc``: the description, None keeps that of an existing file.

        Raises:
            ConfigError: The name is not allowed, an existing file is no preset, or it cannot be written.
        """
        with self._lock:
            path = get_user_path(name)
            preset.save(self._bus, path, doc)
            saved = preset.read(path, self._bus.registry)
        self._set_current(name, saved.values)
        self._publish_current()
        self.update()

    def show(self, name: str) -> Iterable[Row]:
        """The controls that the preset names, and their values as OSC sends them.

        Raises:
            ConfigError: There is no such preset, or a name or value in it is wrong.
        """
        registry = self._bus.registry
        loaded = preset.load(find_preset(name), registry)
        return [
            (control, int(value) if registry.get_control(control).is_whole else float(value))
            for control, value in loaded.values.items()
        ]

    def rename(self, name: str, new: str) -> None:
        """Give a preset of the user's another name. Raises: ConfigError."""
        with self._lock:
            rename_preset(name, new)
            if name == self._name:
                self._set_current(new, self._values)
        self._publish_current()
        self.update()

    def delete(self, name: str) -> None:
        """Delete a preset of the user's; a shipped one that it hid is there again. Raises: ConfigError."""
        with self._lock:
            delete_preset(name)
            if name == self._name:
                self._set_current("", {})
        self._publish_current()
        self.update()

    def describe(self, name: str, doc: str) -> None:
        """Set the description of a preset of the user's. Raises: ConfigError."""
        with self._lock:
            describe_preset(name, doc)
        self.update()

    def update(self) -> None:
        """Publish the list of presets where a file of the user's is new, has changed or has gone.

        Also where the registry has changed: a preset may name a choice that there is now.
        """
        with self._lock:
            stamps = self._bus.registry.revision, stamp_files(user_dir(FOLDER), SUFFIX)
            if stamps == self._stamps:
                return
            try:
                rows = {entry.name: make_entry_row(entry) for entry in list_presets(self._bus.registry)}
            except ConfigError as error:
                if str(error) != self._problem:
                    log.warning("presets: %s", error)
                self._problem = str(error)
                return
            self._stamps, self._problem = stamps, ""
            before, self._rows = self._rows, rows
        for name in before.keys() - rows.keys():
            self._bus.withdraw("preset.entry", name)
        for name, row in rows.items():
            if before.get(name) != row:
                self._bus.publish("preset.entry", *row)

    def _watch(self) -> None:
        while not self._stop.wait(FILES_S):
            try:
                self.update()
            except Exception as error:
                if str(error) != self._problem:
                    log.exception("the presets could not be listed; it is tried again")
                self._problem = str(error)

    def _set_current(self, name: str, values: Mapping[str, float]) -> None:
        with self._lock:
            self._name, self._values = name, dict(values)

    def _note_change(self, name: str, _row: Row, _source: str) -> None:
        self._is_stale = self._is_stale or name in self._values

    def _update_current(self) -> None:
        if self._is_stale:
            self._is_stale = False
            self._publish_current()

    def _publish_current(self) -> None:
        now = self._bus.values()
        with self._lock:
            row = (self._name, sum(now.get(control) != value for control, value in self._values.items()))
        if row != self._bus.get_latest("preset.current"):
            self._bus.publish("preset.current", *row)


def make_entry_row(entry: PresetEntry) -> Row:
    """The row of the reading ``preset.entry``."""
    doc = shorten(one_line(entry.doc), LONGEST_DOC)
    return entry.name, entry.origin, entry.controls, doc, shorten(entry.problem, LONGEST_MESSAGE)
