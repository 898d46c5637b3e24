"""Plugin locations: where plugins are, by format and system; the file of a plugin is found without loading it."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bridge.errors import ConfigError, find_nearest
from chains.document.chain import Format, Member

SYSTEM_NAMES = {"linux": "linux", "darwin": "macos", "win32": "windows"}
"""Names of systems in chain files, by `sys.platform`."""
FOLDERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("vst3", "linux"): ("~/.vst3", "/usr/local/lib/vst3", "/usr/lib/vst3"),
    ("vst3", "macos"): ("~/Library/Audio/Plug-Ins/VST3", "/Library/Audio/Plug-Ins/VST3"),
    ("vst3", "windows"): (r"%LOCALAPPDATA%\Programs\Common\VST3", r"%CommonProgramFiles%\VST3"),
    ("vst2", "linux"): ("~/.vst", "/usr/local/lib/vst", "/usr/lib/vst", "/usr/local/lib/lxvst", "/usr/lib/lxvst"),
    ("vst2", "macos"): ("~/Library/Audio/Plug-Ins/VST", "/Library/Audio/Plug-Ins/VST"),
    ("vst2", "windows"): (r"%ProgramFiles%\VstPlugins", r"%ProgramFiles%\Steinberg\VstPlugins"),
    ("lv2", "linux"): (
        "~/.lv2",
        "/usr/local/lib/lv2",
        "/usr/lib/lv2",
        "/usr/lib64/lv2",
        "/usr/lib/x86_64-linux-gnu/lv2",
    ),
    ("lv2", "macos"): ("~/Library/Audio/Plug-Ins/LV2", "/Library/Audio/Plug-Ins/LV2"),
    ("lv2", "windows"): (r"%APPDATA%\LV2", r"%CommonProgramFiles%\LV2"),
    ("au", "macos"): ("~/Library/Audio/Plug-Ins/Components", "/Library/Audio/Plug-Ins/Components"),
}
"""Folders that plugins are installed in, the user's first: VST 3 SDK "Plug-in Locations", LV2's default path, JUCE."""
PATH_VARIABLES = {"vst3": "VST3_PATH", "vst2": "VST_PATH", "lv2": "LV2_PATH"}
"""Environment variables with folders that come before the system's."""
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "vst3": (".vst3",), "vst2": (".so", ".dll", ".vst"), "lv2": (".lv2",), "au": (".component",),
}  # fmt: skip
DEPTH = 3
"""Folders in one another that are searched: a vendor's folder, and one more in it."""
MOST_FILES = 20_000
"""Entries that are looked at; a large studio has some thousands of plugins."""
_LIBRARIES = (".so", ".dll")
_CODE_SUFFIXES = frozenset({".so", ".dll", ".dylib", ".ttl"})
"""Endings of files of a bundle without a folder for each system: libraries, and the descriptions of an LV2."""
_MANIFEST_BYTES = 1 << 20
_LV2_PLUGIN = re.compile(r"<([^<>\s]+)>\s+(?:a|rdf:type)\s+[^.]*?\blv2:Plugin\b")
_MODULE_INFOS = ("Resources/moduleinfo.json", "moduleinfo.json")
"""Files in which a VST3 bundle lists its classes, since VST 3.7.5 and before."""
_SHOWN = 6
"""Places that an error names."""


def find_plugin(member: Member, system: str = "", environment: Mapping[str, str] | None = None) -> Path:
    """Find the file or bundle folder of a plugin: the paths of its member first, then the system's folders.

    A bundle is returned as its folder, though a path may name the file inside. A plugin's file is called like the
    plugin, but for case, spaces and hyphens; else the chain has to give its path. ``system``: ``linux``, ``macos`` or
    ``windows``; by default this one. ``environment``: by default that of this process.

    Raises:
        ConfigError: It is not there; the message says what was tried.
    """
    system = system or get_system()
    environment = os.environ if environment is None else environment
    form: Format = member.format or "vst3"
    tried: list[str] = []
    for path in (expand_path(text, environment) for text in member.paths.get(system, ())):
        tried.append(str(path))
        if found := _find_at(path, form, member, system, tried):
            return found
    names: list[str] = []
    for folder in list_folders(form, system, environment):
        tried.append(str(folder))
        for path in walk_plugins(folder, form):
            names += _list_uris(path) if form == "lv2" else [get_plugin_name(path)]
            if _is_plugin(path, form, member) and (found := _find_at(path, form, member, system, tried)):
                return found
    raise _make_error(member, form, system, tried, names)


def is_installed(member: Member) -> bool:
    """Whether the plugin of a member is installed; a member that is none needs nothing."""
    if not member.plugin:
        return True
    try:
        find_plugin(member)
    except ConfigError:
        return False
    return True


def get_system() -> str:
    """The name of this system in chain files."""
    return SYSTEM_NAMES.get(sys.platform, "linux")


def get_vst3_folder(system: str, machine: str = "") -> str:
    """The folder in ``Contents`` of a VST3 bundle that holds the plugin for a system, such as ``x86_64-linux``."""
    machine = (machine or platform.machine()).lower()
    if system == "macos":
        return "MacOS"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if system == "windows":
        return {"aarch64": "arm64-win", "x86": "x86-win", "i686": "x86-win"}.get(machine, f"{machine}-win")
    return f"{machine}-linux"


def list_folders(form: Format, system: str, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """List the folders for plugins of a format: those of the environment variable, then the system's."""
    separator = ";" if system == "windows" else ":"
    named = environment.get(PATH_VARIABLES.get(form, ""), "").split(separator)
    texts = [*filter(None, named), *FOLDERS.get((form, system), ())]
    return tuple(dict.fromkeys(expand_path(text, environment) for text in texts))


def expand_path(text: str, environment: Mapping[str, str]) -> Path:
    """A path with ``~``, ``$NAME`` and ``%NAME%`` replaced."""
    if text == "~" or text.startswith(("~/", "~\\")):
        home = environment.get("HOME") or environment.get("USERPROFILE") or str(Path.home())
        text = home + text[1:]
    return Path(re.sub(r"\$(\w+)|%(\w+)%", lambda found: environment.get(found[1] or found[2], found[0]), text))


def list_code_files(path: Path) -> list[Path]:
    """The files with the program code of a plugin for this system; ``path``: its file or bundle folder."""
    if not path.is_dir():
        return [path]
    for folder in (path / "Contents" / get_vst3_folder(get_system()), path / "Contents" / "MacOS"):
        if folder.is_dir():
            return sorted(file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in _CODE_SUFFIXES and file.is_file())


def _find_at(path: Path, form: Format, member: Member, system: str, tried: list[str]) -> Path | None:
    """The plugin at ``path``, which may be its bundle, the file in it, or a folder with both; None: not there."""
    bundle = _get_bundle(path, form)
    if bundle.suffix.lower() not in ENDINGS[form]:
        inside = [one for one in walk_plugins(path, form) if _is_plugin(one, form, member)]
        return next(filter(None, (_find_at(one, form, member, system, tried) for one in inside)), None)
    try:
        if not bundle.exists():
            return None
        if form == "vst2" and system != "macos" and bundle.is_dir():
            return next((one for one in sorted(bundle.iterdir()) if one.suffix.lower() in _LIBRARIES), None)
        contents = bundle / "Contents"
        if form != "vst3" or not contents.is_dir():
            return bundle
        wanted = get_vst3_folder(system)
        systems = sorted(one.name for one in contents.iterdir() if one.is_dir() and one.name != "Resources")
    except OSError as error:
        tried.append(f"{bundle} (cannot be read: {error.strerror})")
        return None
    if wanted in systems:
        return bundle
    tried.append(f"{bundle} (is for {', '.join(systems) or 'nothing'}, not {wanted})")
    return None


def _get_bundle(path: Path, form: Format) -> Path:
    """The bundle that ``path`` is in, or ``path`` itself."""
    for one in (path, *path.parents):
        if one.suffix.lower() in ENDINGS[form] and one.suffix.lower() not in _LIBRARIES:
            return one
    return path


def walk_plugins(folder: Path, form: Format) -> Iterator[Path]:
    """Yield the plugins in a folder and those in it, sorted by name in each; bundles are not entered."""
    waiting = [(folder, 0)]
    left = MOST_FILES
    while waiting:
        here, depth = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError:
            continue  # a folder of the system that is not there is no error
        for entry in entries:
            left -= 1
            if left < 0:
                return
            if entry.suffix.lower() in ENDINGS[form]:
                yield entry
            elif depth < DEPTH and entry.is_dir():
                waiting.append((entry, depth + 1))


def _is_plugin(path: Path, form: Format, member: Member) -> bool:
    """Whether the file or bundle at ``path`` is, by its name or manifest, the plugin of a member."""
    if form == "lv2":
        return f"<{member.id}>" in _read_start(path / "manifest.ttl")
    if fold_name(get_plugin_name(path)) == fold_name(member.plugin):
        return True
    return form == "vst3" and any(_names_class(path / "Contents" / place, member.plugin) for place in _MODULE_INFOS)


def read_uris(bundle: Path) -> list[str]:
    """The URIs of the plugins in an LV2 bundle.

    Raises:
        OSError: It has no manifest that can be read.
    """
    with (bundle / "manifest.ttl").open("rb") as file:
        text = file.read(_MANIFEST_BYTES).decode("utf-8", "replace")
    return list(dict.fromkeys(_LV2_PLUGIN.findall(text)))


def _list_uris(bundle: Path) -> list[str]:
    try:
        return read_uris(bundle)
    except OSError:
        return []  # a folder of another purpose


def get_plugin_name(path: Path) -> str:
    """The name of a plugin by its file: Debian and DPF write ``ZamComp-vst.so``."""
    return re.sub(r"[-_]vst$", "", path.stem, flags=re.IGNORECASE)


def fold_name(name: str) -> str:
    """A name without what files' names leave out: case, spaces, hyphens and the like."""
    return "".join(filter(str.isalnum, name.casefold()))


def _names_class(module_info: Path, plugin: str) -> bool:
    """Whether a VST3's list of its classes names a plugin; a bundle may have several."""
    return re.search(rf'"Name"\s*:\s*"{re.escape(plugin)}"', _read_start(module_info)) is not None


def _read_start(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MANIFEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _make_error(member: Member, form: Format, system: str, tried: Iterable[str], names: list[str]) -> ConfigError:
    places = list(dict.fromkeys(tried))
    shown = ", ".join(places[:_SHOWN]) + (f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else "")
    what = f"{member.plugin} ({member.id})" if form == "lv2" and member.id else member.plugin
    message = f"{member.label}: no {form.upper()} plugin {what} is installed; tried {shown or 'nothing'}"
    if form == "au" and system != "macos":
        return ConfigError(f"{member.label}: AU plugins are on macOS alone", "use the plugin as VST3")
    near = find_nearest(member.id if form == "lv2" else member.plugin, names)
    hint = f'install it, or give its path in the chain: paths = {{{system} = ["..."]}}'
    if form == "lv2":
        hint = "install it; lv2ls lists the URIs of those installed"
    return ConfigError(message, f"did you mean {near}? Else {hint}" if near else hint)
