"""The command ``sideman chain capture``: a chain file from an installed plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from bridge.errors import ConfigError
from bridge.printing import Printer, one_line
from chains.checks.capture import MemberCapture, capture_member, parse_value
from chains.checks.check_run import SIGN_OF_INSTRUMENT
from chains.checks.host_session import SessionFactory
from chains.checks.plugin_chain import make_plugin_chain
from chains.checks.process_session import ProcessSession
from chains.commands.chain_options import check_folder
from chains.document.chain import Chain, Member, ParameterValue
from chains.document.chain_file import SUFFIX, read_chain, write_chain
from chains.document.member_paths import walk_members
from chains.document.member_state import encode_state
from chains.document.vst3_preset import MAX_BYTES, parse_preset
from chains.process.verdict import HostVerdict, PluginError

FIRST_COPY = 2
"""Number in the label of the second member of a name."""


def capture_chain(
    plugin: Annotated[str, Parameter(help="The plugin's path, the URI of an LV2, or the name of one installed.")],
    /,
    *,
    out: Annotated[Path, Parameter(help=f"The chain's file, NAME{SUFFIX}.")],
    name: Annotated[str, Parameter(help="What the chain calls the plugin; by default its own name.")] = "",
    plugin_name: Annotated[str, Parameter(name="--plugin", help="The plugin's name, where a file has several.")] = "",
    format_: Annotated[
        Literal["vst3", "vst2", "lv2", "au"] | None, Parameter(name="--format", help="To look for a name in.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="A parameter, 'Threshold=-20 dB'; may be repeated."),
    ] = None,
    preset: Annotated[Path | None, Parameter(help="Load this .vstpreset first.")] = None,
    host: Annotated[Literal["auto", "pedalboard", "dawdreamer"], Parameter(help="The host that loads it.")] = "auto",
    append: Annotated[bool, Parameter(negative="", help="Add it to the end of the chain in the file.")] = False,
    force: Annotated[bool, Parameter(negative="", help="Replace a file that is there.")] = False,
) -> None:
    """Write a chain file with a plugin as it is now: version, state, parameters that differ from the default, latency.

    What was captured is loaded again in a new process. What is not restored there is named.
    The exit status is 1 if the plugin failed or is blocked, 2 if what was given is at fault.
    """
    chain = _read_target(out, append, force)
    member = make_plugin_chain(plugin, plugin_name, format_ or "").members[0]
    label = name or _find_free_label(chain, member.label)
    member = msgspec.structs.replace(member, name=label if label != member.plugin else "")
    if preset is not None:
        member = _load_preset(member, preset)
    settings = dict(_parse_setting(text) for text in set_ or ())
    console, screen = Printer(), Printer(stderr=True)
    with screen.status(f"{one_line(plugin)}: loading"):
        captured = _capture(ProcessSession, host, member, settings)
    if chain.members and captured.member.is_instrument:
        raise ConfigError(f"{out}: {captured.member.label} is an instrument", "it can only be first: make a new chain")
    doc = chain.doc or f"{captured.member.plugin} {captured.member.version}".rstrip() + ", captured"
    written = write_chain(out, msgspec.structs.replace(chain, doc=doc, members=(*chain.members, captured.member)))
    for remark in captured.remarks:
        console.say(f"{captured.member.label}: {remark}", style="yellow")
    console.say(f"{out}: {_describe(written.members[-1])}")


def _read_target(out: Path, append: bool, force: bool) -> Chain:
    """The chain to which the plugin is added: that in the file, or an empty one."""
    if out.suffix != SUFFIX:
        raise ConfigError(f"--out {out}: a chain's file ends in {SUFFIX}", f"write {out.stem}{SUFFIX}")
    if append and force:
        raise ConfigError("--append and --force: both at once", "give one of them")
    if not out.exists():
        check_folder(out, "--out")
        return Chain()
    if append:
        return read_chain(out)
    if not force:
        raise ConfigError(f"{out}: there already", "--append adds to it, --force replaces it")
    return Chain()


def _find_free_label(chain: Chain, label: str) -> str:
    """``label``, or with a number where the chain has it already."""
    taken = {member.label for _, member in walk_members(chain)}
    number = FIRST_COPY
    free = label
    while free in taken:
        free = f"{label} {number}"
        number += 1
    return free


def _load_preset(member: Member, path: Path) -> Member:
    """The member with the state of a ``.vstpreset``."""
    if member.format != "vst3":
        raise ConfigError(f"--preset {path}: presets of this kind are for VST3", "give the plugin as VST3")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", "check the path") from error
    parse_preset(data, str(path))
    return msgspec.structs.replace(member, state=encode_state(data))


def _parse_setting(text: str) -> tuple[str, ParameterValue]:
    """Name and value of ``Threshold=-20 dB``."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise ConfigError(f"--set {text!r}: no name and value", "write it as 'Threshold=-20 dB'")
    return name.strip(), parse_value(value.strip())


def _capture(
    open_session: SessionFactory, host: str, member: Member, settings: dict[str, ParameterValue]
) -> MemberCapture:
    """Capture as an effect, or as an instrument where it takes no audio."""
    try:
        return capture_member(open_session, host, member, settings)
    except PluginError as error:
        if error.verdict is not HostVerdict.REFUSED or SIGN_OF_INSTRUMENT not in f"{error.message} {error.hint}":
            raise
    return capture_member(open_session, host, msgspec.structs.replace(member, is_instrument=True), settings)


def _describe(member: Member) -> str:
    """What was captured, in a line."""
    state = f"state in {member.state_file}" if member.state_file else "with its state" if member.state else "no state"
    parts = [
        f"{member.plugin} {member.version}".rstrip(),
        member.format.upper(),
        f"{len(member.parameters)} parameter{'' if len(member.parameters) == 1 else 's'} changed",
        state,
        f"latency {member.latency_frames} frames",
    ]
    return ", ".join(parts)
