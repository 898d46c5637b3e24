"""Plugins for tests: the fixture plugin in all its modes, and those that Debian's packages install.

No test loads them in its own process: JUCE binds to the first thread that it meets, and plugins crash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from chains.document.chain import Chain, Member
from chains.document.vst3_preset import PROCESSOR, Vst3Preset, format_preset_bytes

SOURCE = Path(__file__).with_name("vst3_fixture.cpp")
HEADER = Path(__file__).with_name("vst3_abi.h")
ARCHITECTURE = f"{platform.machine()}-linux"
PACKAGES = {"Zam": "zam-plugins", "ZaM": "zam-plugins", "amsynth": "amsynth"}
"""Debian's package by the first letters of a plugin's name; the rest is in dpf-plugins-vst."""
PLACES = {
    "vst3": ("/usr/lib/vst3/{}.vst3",),
    "vst2": ("/usr/lib/vst/{}-vst.so", "/usr/lib/vst/{}_vst.so"),
    "lv2": ("/usr/lib/lv2/{}.lv2",),
}
"""Folders of Debian's plugins, by format."""
MODES = (
    "gain", "crash_ctor", "abort_ctor", "exit_ctor", "hang_ctor", "busy_ctor", "slow_ctor", "memory_ctor",
    "hang_entry", "crash_entry", "null_instance", "crash_process", "exit_process", "hang_process", "busy_process",
    "hang_state", "nan", "inf", "nondet", "blockdep", "wronglat", "latency", "latparam", "nostate", "leak", "slow",
    "dc", "silence", "inftail", "ratedep", "denormal", "gaps", "late_parameters", "slow_start", "forty_parameters",
    "two_classes", "tempo", "prints", "starts_process", "grows",
)  # fmt: skip
"""Modes of the fixture plugin; vst3_fixture.cpp says what each does."""

FixturePlugin: TypeAlias = Callable[[str], Path]
InstalledPlugin: TypeAlias = Callable[[str, str], str]


def make_chain(*paths: Path | str, format: str = "vst3", **fields: object) -> Chain:
    """A chain of the plugins at these paths. ``fields``: of each member."""
    named = [(Path(path).stem, str(path)) for path in paths]
    members = [
        Member(name=name, plugin=describe_name(name), format=format, paths={"linux": (path,)}, **fields)  # type: ignore[arg-type]
        for name, path in named
    ]
    return Chain(members=tuple(members))


def describe_name(stem: str) -> str:
    """What a plugin calls itself, from its file's name."""
    return f"Fixture {stem.removeprefix('fixture_')}" if stem.startswith("fixture_") else stem


def hyphenate_class_id(class_id: str) -> str:
    """A class id as 8-4-4-4-12 figures."""
    return "-".join((class_id[:8], class_id[8:12], class_id[12:16], class_id[16:20], class_id[20:]))


def compile_fixture(folder: Path, compiler: str) -> Path:
    """Compile the fixture plugin into ``folder``, unless that has been done; the library."""
    source = hashlib.sha256(SOURCE.read_bytes() + HEADER.read_bytes()).hexdigest()[:16]
    library = folder / f"fixture-{source}.so"
    if not library.exists():
        draft = library.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, "-std=c++17", "-O1", "-shared", "-fPIC", "-o", draft, SOURCE], check=True)
        draft.replace(library)
    return library


def make_fixture_bundle(library: Path, folder: Path, mode: str) -> Path:
    """The bundle of the fixture plugin in a mode, in ``folder``. Each has a copy: the linker takes links for one."""
    if mode not in MODES:
        raise KeyError(mode)
    bundle = folder / f"fixture_{mode}.vst3"
    binary = bundle / "Contents" / ARCHITECTURE / f"fixture_{mode}.so"
    if not binary.exists():
        binary.parent.mkdir(parents=True)
        shutil.copy(library, binary)
    return bundle


def make_fixture_state(mode: str, gain: float) -> bytes:
    """A state of the fixture plugin in a mode, with this raw value of its first parameter, as a .vstpreset."""
    mark = 2166136261  # FNV-1a, as the plugin makes its class id
    for letter in mode.encode():
        mark = ((mark ^ letter) * 16777619) & 0xFFFFFFFF
    values = struct.pack("<2d", gain, 0.0)
    return format_preset_bytes(Vst3Preset(f"534944454D414E00{mark:08X}00000001", {PROCESSOR: values}))


@pytest.fixture(scope="session")
def fixture_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture plugin, compiled once, whatever the number of pytest's processes."""
    if sys.platform != "linux":
        pytest.skip("the fixture plugin is written for Linux")
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    folder = tmp_path_factory.getbasetemp()
    return compile_fixture(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder, compiler)


@pytest.fixture(scope="session")
def fixture_plugin(fixture_library: Path, tmp_path_factory: pytest.TempPathFactory) -> FixturePlugin:
    """Gives the bundle of the fixture plugin in a mode; the hosts have to be installed."""
    require_hosts()
    folder = tmp_path_factory.mktemp("plugins")
    return lambda mode: make_fixture_bundle(fixture_library, folder, mode)


@pytest.fixture(scope="session")
def installed_plugin() -> InstalledPlugin:
    """Gives the path of a plugin of Debian's by name and format (vst3, vst2), or its URI (lv2)."""
    require_hosts()

    def find(name: str, format: str = "vst3") -> str:
        paths = [Path(place.format(name)) for place in PLACES[format]]
        path = next((path for path in paths if path.exists()), None)
        if path is None:
            package = next(
                (package for start, package in PACKAGES.items() if name.startswith(start)), "dpf-plugins-vst"
            )
            pytest.skip(f"{paths[0]} is not installed: apt install {package}")
        return f"urn:zamaudio:{name}" if format == "lv2" and name.startswith("Za") else str(path)

    return find


def require_hosts() -> None:
    """Skip the test where the extra ``chains`` is not installed."""
    missing = [name for name in ("pedalboard", "dawdreamer") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (pip install 'sideman[chains]')")
