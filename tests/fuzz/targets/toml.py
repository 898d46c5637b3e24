"""TOML fuzz target: settings, presets, styles and model manifests, as their commands read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

from bridge.control import preset
from bridge.control.bus import Bus
from bridge.control.sidecar import make_sidecar_registry
from bridge.errors import BridgeError
from bridge.settings import load_settings
from engines.accompaniment import style
from engines.separation.models.manifest import read_manifest
from tests.fuzz.target import Target

REGISTRY = make_sidecar_registry({})
MANIFEST = (
    b'schema = 1\nname = "m"\nadapter = "mdxnet"\nrate = 44100\nlicence = "MIT"\nsource = "x"\nfile = "m.onnx"\n'
    b'sha256 = "' + b"0" * 64 + b'"\nstems = ["vocals"]\nwindow = 6144\ngain = 1.035\n'
    b'[[more]]\nfile = "n.onnx"\nsha256 = "' + b"1" * 64 + b'"\nstems = ["drums", "bass"]\nkeep = ["bass"]\n'
)
SETTINGS = b'schema = 1\n[osc]\nport = 9000\n[lan]\nallow = ["192.168.1.0/24"]\ntoken = "x"\n[jack]\nclient = "s"\n'


def _read_preset(path: Path) -> None:
    loaded = preset.load(path, REGISTRY)
    bus = Bus(REGISTRY)
    preset.apply(loaded, bus)
    preset.save(bus, path)
    again = preset.load(path, REGISTRY)
    assert again.name == loaded.name
    assert loaded.values.items() <= again.values.items()


READERS: tuple[Callable[[Path], object], ...] = (load_settings, _read_preset, style.load_style, read_manifest)


def read(data: bytes, folder: Path) -> None:
    """Every reader, one after another; refused where all refuse it."""
    refusals: list[BridgeError] = []
    for reader in READERS:
        path = folder / "x.toml"
        path.write_bytes(data)
        try:
            reader(path)
        except BridgeError as error:
            refusals.append(error)
    if len(refusals) == len(READERS):
        raise refusals[0]


def make_seeds() -> Iterator[bytes]:
    yield SETTINGS
    yield b"\xef\xbb\xbf" + SETTINGS.replace(b"\n", b"\r\n")
    yield MANIFEST
    for folder in (resources.files("presets"), resources.files("engines.accompaniment") / "styles"):
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.name in ("karaoke.toml", "pop.toml"):
                yield entry.read_bytes()


TARGET = Target(
    "toml",
    read,
    make_seeds,
    tokens=(
        b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"\n", b'"', b'"""', b"'", b"'''", b"#", b"\\u0041",
        b"true", b"nan", b"inf", b"-0", b"0x", b"1e309", b"1979-05-27", b"07:32:00", b"schema = 1\n", b"[controls]\n",
        b"stems.bass.gain_db = 1\n", b"a." * 20, b"9" * 401, b"\xef\xbb\xbf", b"\xff\xfe",
    ),
    modules=(
        "bridge.toml", "bridge.config", "bridge.settings", "bridge.control.preset", "engines.accompaniment.style",
        "engines.separation.models.manifest",
    ),
    mutations=300,
)  # fmt: skip
