"""Mapping editor: writes what was learned into the user's mapping of a device, and takes it back.

A device without a mapping gets a new file; one with a shipped mapping gets a copy of it in the user's folder, which
takes its place. What is written is read first as a mapping, and every input that is not meant must be as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.config import user_dir, write_atomic
from bridge.control.registry import Registry
from bridge.controllers.learning.device_naming import make_file_name, make_pattern, make_title
from bridge.controllers.learning.learn import LearnedBinding, overlaps
from bridge.controllers.learning.learn_target import list_inputs_of
from bridge.controllers.learning.mapping_changes import insert_binding, parse_mapping_file, remove_bindings
from bridge.controllers.mappings.mapping import Input, MessageSpec
from bridge.controllers.mappings.mapping import Mapping as ControllerMapping
from bridge.controllers.mappings.mapping_lookup import FOLDER, find_mapping, get_user_path, list_mappings
from bridge.controllers.mappings.mapping_reader import check_mapping, never
from bridge.controllers.mappings.mapping_text import format_entry
from bridge.controllers.ports.port_names import get_system, is_match
from bridge.errors import ConfigError
from bridge.toml import read_text

MOST_UNDONE = 50
"""Changes that can be undone."""
COPY_REMARK = "# A copy of the shipped mapping, in whose place it is used; delete it to have that one again."
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class LearnDevice:
    """A device as its ports are now. ``mapping``: None where it has none. ``output``: empty where it has none."""

    name: str
    input: str
    output: str = ""
    mapping: ControllerMapping | None = None


@dataclass(frozen=True, slots=True)
class MappingChange:
    """A change of a file. ``before``: None where the file was not there. ``message``: what was learned for the control
    or action; empty where it was forgotten."""

    path: Path
    before: bytes | None
    after: bytes
    control: str
    device: str
    message: str = ""


class MappingEditor:
    """Changes files in the user's folder ``mappings``; remembers what they were.

    ``is_known``: as of `bridge.controllers.mappings.mapping_reader.read_mapping`.
    """

    def __init__(self, registry: Registry, is_known: Callable[[str], bool] = never) -> None:
        self._registry, self._is_known = registry, is_known
        self._changes: list[MappingChange] = []
        self._made: dict[str, Path] = {}

    def add(self, binding: LearnedBinding, device: LearnDevice) -> Path:
        """Write a learned binding into the mapping of ``device``; returns the file. What its message did it no longer
        does.

        Raises:
            ConfigError: The file has an error, was changed by others meanwhile, or cannot be written.
        """
        path, before, text = self._open(device)
        place = str(path)
        for light in (True, False):
            edited = insert_binding(text, place, binding, light)
            try:
                self._check(edited, place, text, (binding.spec,))
                break
            except ConfigError:
                if not light:
                    raise  # else: the light of what was there does not suit what was learned
        self._write(path, before, edited, binding.target.name, device.name, binding.entry.midi)
        return path

    def remove(self, name: str, device: LearnDevice) -> Path:
        """Remove what sets the control ``name``, or triggers the action, from the mapping of ``device``.

        Raises:
            ConfigError: As for `add`; or nothing does.
        """
        inputs = list_inputs_of(device.mapping, name) if device.mapping is not None else []
        if not inputs:
            raise ConfigError(f"{device.name}: nothing sets {name}", "sideman controllers lists what is bound")
        path, before, text = self._open(device)
        specs = tuple(dict.fromkeys(one.message for one in inputs))
        edited = remove_bindings(text, str(path), name)
        self._check(edited, str(path), text, specs)
        self._write(path, before, edited, name, device.name)
        return path

    def undo(self) -> MappingChange:
        """Restore the file that was changed last, to the byte; one that was made is removed. Returns what is undone.

        Raises:
            ConfigError: Nothing is left to undo, or the file was changed or deleted by others since. The changes of a
                file that was deleted are undone with it.
        """
        if not self._changes:
            raise ConfigError("nothing is left to undo", "to remove a binding: sideman learn NAME --forget")
        change = self._changes[-1]
        if not change.path.exists():
            self._changes = [one for one in self._changes if one.path != change.path]
            left = "sideman learn --undo takes back what was changed in other files" if self._changes else ""
            raise ConfigError(f"{change.path}: was deleted since, and all that was learned there with it", left)
        if _read_bytes(change.path) != change.after:
            fix = "undo it there by hand, or sideman learn NAME --forget"
            raise ConfigError(f"{change.path}: was changed since it was learned", fix)
        if change.before is None:
            change.path.unlink(missing_ok=True)
        else:
            write_atomic(change.path, change.before)
        return self._changes.pop()

    def _open(self, device: LearnDevice) -> tuple[Path, bytes | None, str]:
        """The user's file for ``device``, its bytes (None: it is not there yet), and the text to begin with."""
        mapping = device.mapping
        path = self._made.get(device.input) if mapping is None else Path(mapping.path)
        if path is not None and path.parent == user_dir(FOLDER) and path.exists():
            return path, _read_bytes(path), read_text(path)
        if mapping is None:
            return self._choose_path(device), None, _make_file(device)
        entry = next((one for one in list_mappings() if str(one.path) == mapping.path), None)
        if entry is None or entry.origin != "shipped":
            found = find_mapping(Path(mapping.path).stem)
            what = found.problem or f"{found.path}: is another file than the one in use"
            raise ConfigError(what, "correct it first")
        return get_user_path(entry.name), None, f"{COPY_REMARK}\n\n{read_text(entry.path)}"

    def _choose_path(self, device: LearnDevice) -> Path:
        """A new file for a device without a mapping."""
        name = make_file_name(make_title(device.input))
        taken = {one.name.lower(): one for one in list_mappings()}
        if (entry := taken.get(name)) is not None and entry.problem:
            raise ConfigError(entry.problem, "correct it first")
        free = (f"{name}{end}" for end in ("", *(f"_{number}" for number in range(2, 1000))))
        path = get_user_path(next(one for one in free if one not in taken))
        self._made[device.input] = path
        return path

    def _check(self, text: str, place: str, before: str, meant: tuple[MessageSpec, ...]) -> None:
        """Check that ``text`` is a mapping, and but for the messages ``meant`` the same one as ``before``."""
        new, old = (
            check_mapping(parse_mapping_file(one, place), place, self._registry, self._is_known)
            for one in (text, before)
        )
        kept = [_describe(one) for one in old.inputs if not any(overlaps(one.message, spec) for spec in meant)]
        found = [_describe(one) for one in new.inputs if not any(overlaps(one.message, spec) for spec in meant)]
        if sorted(kept, key=repr) != sorted(found, key=repr) or replace(new, inputs=()) != replace(old, inputs=()):
            raise ConfigError(f"{place}: cannot be changed without changing other entries", "edit it by hand")

    def _read(self, text: str, place: str) -> ControllerMapping:
        return check_mapping(parse_mapping_file(text, place), place, self._registry, self._is_known)

    def _write(self, path: Path, before: bytes | None, text: str, control: str, device: str, message: str = "") -> None:
        if (_read_bytes(path) if path.exists() else None) != before:
            raise ConfigError(f"{path}: was changed at this moment by another program", "try again")
        after = (BOM if before is not None and before.startswith(BOM) else b"") + text.encode()
        write_atomic(path, after)
        self._changes = [*self._changes, MappingChange(path, before, after, control, device, message)][-MOST_UNDONE:]


def _describe(one: Input) -> tuple[object, ...]:
    """An input without its number in the file; its light by what it sends."""
    led = one.led
    sent: tuple[object, ...] = ()
    if led is not None:
        sent = (led.to, led.resend_on_release)
        for template in (led.on, led.off, led.value):
            sent += tuple(template.render(v) for v in (led.to[0], led.to[1])) if template is not None else (None,)
    return one.message, one.kind, one.target, one.layer, sent


def _make_file(device: LearnDevice) -> str:
    """The beginning of a new mapping file."""
    system = get_system()
    title = make_title(device.input)
    pattern = make_pattern(device.input)
    table = [f"[device]\ninput.{system} = [{_quote(pattern)}]\n"]
    if device.output and not is_match(pattern, device.output):
        table.append(f"output.{system} = [{_quote(make_pattern(device.output))}]\n")
    return f"schema = 1\nname = {_quote(title)}\n\n{''.join(table)}\n"


def _quote(text: str) -> str:
    return format_entry({"name": text}).splitlines()[1].partition(" = ")[2]


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", "check its permissions") from error
