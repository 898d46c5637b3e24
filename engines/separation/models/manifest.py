"""Model manifest: a TOML file beside a model's graph that describes it. Shapes are read from the graph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
import tomlkit

from bridge.config import SCHEMA, Table, read_toml
from bridge.names import why_not
from engines.separation.models.bounds import MOST_FRAMES

MANIFEST_FILE = "manifest.toml"

_FORMS = {
    "name": (r"[a-z0-9][a-z0-9._-]{0,63}", "small letters, figures, dot, dash and underline, at most 64"),
    "file": (r"[A-Za-z0-9_][A-Za-z0-9._ +-]{0,127}\.onnx", "a file's name without folder that ends in .onnx"),
    "sha256": (r"[0-9a-f]{64}", "64 figures and small letters a to f"),
    "stems": (r"[a-z][a-z0-9_]{0,31}", "small letters, figures and underline, at most 32"),
}
"""Patterns of names. Model, file and stem become names of folders and files on any system."""
LONGEST_FILE = 133
"""Most characters in any of them, a file's name."""

_ONLY_FOR: dict[str, tuple[str, ...]] = {
    "synthesis": ("streaming",),
    "states": ("streaming",),
    "piece": ("htdemucs", "roformer", "openunmix"),
    "normalisation": ("htdemucs", "roformer", "openunmix", "mdxnet", "spleeter"),
    "gives": ("roformer", "openunmix", "spleeter"),
    "bins": ("roformer",),
    "gain": ("mdxnet",),
    "rest_profile": ("htdemucs", "roformer", "openunmix", "mdxnet", "spleeter"),
    "more": ("htdemucs", "roformer", "openunmix", "mdxnet", "spleeter"),
}
"""Keys that only some adapters use. Elsewhere they are refused, as a key without effect is a mistake."""

Adapter: TypeAlias = Literal["htdemucs", "roformer", "openunmix", "mdxnet", "spleeter", "streaming"]

LIMIT_S = 300
"""Limit of processor seconds for one run of a graph: forty times a piece of HTDemucs on one core."""

Frames = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
PieceFrames = Annotated[int, msgspec.Meta(ge=1, le=MOST_FRAMES)]
StemNames = Annotated[tuple[str, ...], msgspec.Meta(max_length=64)]
NonEmptyText = Annotated[str, msgspec.Meta(min_length=1)]


class ModelFile(Table, frozen=True, kw_only=True):
    """One file of a model that has several, such as one graph a stem.

    ``stems``: its outputs, in order. ``keep``: the ones that are used; empty: all.
    """

    file: str
    sha256: str
    stems: StemNames
    keep: StemNames = ()
    source: str = ""

    def __post_init__(self) -> None:
        _check_form("file", self.file)
        _check_form("sha256", self.sha256)
        _check_stems(self.stems, self.keep)

    @property
    def kept(self) -> tuple[str, ...]:
        return self.keep or self.stems


class StatePair(Table, frozen=True, kw_only=True):
    """A state of a streaming graph: its input and its output."""

    input: NonEmptyText
    output: NonEmptyText


class Manifest(Table, frozen=True, kw_only=True):
    """``rate`` in Hz, every other number in frames.

    ``window``, ``hop``: of the STFT outside the graph; default: the adapter's. ``synthesis``: output window of a
    streaming model; synthesis - hop is its latency. ``piece``: input length of a graph whose length is open.
    ``normalisation``: "mix" normalises by mean and deviation of the mono mix, as Demucs does. ``rest``: the stem that
    is the mix minus all others, where the model does not give it. ``rest_profile``: profile that separates ``rest``
    further, into the stems that the model does not give; empty: none. ``gives``: kind of output where an adapter allows
    several. ``gain``: on every stem (UVR's compensate). ``bins``: Mel-RoFormer's frequency indices, all bands joined.
    ``states``: for a streaming graph whose names do not pair inputs and outputs. ``more``: further files. ``limit_s``:
    limit of processor seconds for one run of a graph.
    """

    schema: int = SCHEMA
    name: str
    adapter: Adapter
    file: str
    sha256: str
    licence: NonEmptyText
    source: NonEmptyText
    rate: Annotated[int, msgspec.Meta(ge=1000, le=768000)]
    stems: StemNames
    keep: StemNames = ()
    rest: str = "other"
    rest_profile: Literal["", "offline", "standard", "low", "ultra", "dsp"] = ""
    window: Frames | None = None
    hop: Frames | None = None
    synthesis: Frames | None = None
    piece: PieceFrames | None = None
    normalisation: Literal["none", "mix"] = "none"
    gives: Literal["masks", "spectra", "magnitudes"] | None = None
    gain: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 1.0
    bins: tuple[Annotated[int, msgspec.Meta(ge=0, le=1 << 20)], ...] = ()
    states: Annotated[tuple[StatePair, ...], msgspec.Meta(max_length=1024)] = ()
    more: Annotated[tuple[ModelFile, ...], msgspec.Meta(max_length=64)] = ()
    limit_s: Annotated[int, msgspec.Meta(ge=1, le=86400)] = LIMIT_S

    def __post_init__(self) -> None:
        _check_form("name", self.name)
        _check_form("file", self.file)
        _check_form("sha256", self.sha256)
        _check_form("stems", self.rest)
        _check_stems(self.stems, self.keep)
        for key, adapters in _ONLY_FOR.items():
            field = next(field for field in msgspec.structs.fields(type(self)) if field.name == key)
            if self.adapter not in adapters and getattr(self, key) != field.default:
                raise ValueError(
                    f"`{key}`: means nothing to the adapter {self.adapter}; it is for {', '.join(adapters)}"
                )
        files = [part.file.casefold() for part in self.parts]
        if len(set(files)) < len(files):
            raise ValueError(f"`file`: {_find_duplicate(files)!r} is named twice")
        given = [stem for part in self.parts for stem in part.kept]
        if len(set(given)) < len(given):
            raise ValueError(f"`stems`: {_find_duplicate(given)!r} is given by two files; say which with `keep`")
        if self.synthesis is not None and self.hop is not None and self.synthesis < self.hop:
            raise ValueError(f"`synthesis`: {self.synthesis} is shorter than the hop of {self.hop}")

    @property
    def parts(self) -> tuple[ModelFile, ...]:
        """Every file with its stems, this manifest's own first."""
        first = ModelFile(file=self.file, sha256=self.sha256, stems=self.stems, keep=self.keep, source=self.source)
        return (first, *self.more)


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at ``path``. Raises: ConfigError with file, key and hint."""
    return read_toml(path, Manifest)


def to_toml(manifest: Manifest) -> str:
    """``manifest`` as TOML, without keys at their default."""
    fields = msgspec.structs.fields(Manifest)
    kept = {
        field.name: getattr(manifest, field.name)
        for field in fields
        if field.required or field.name == "schema" or getattr(manifest, field.name) != field.default
    }
    plain = msgspec.to_builtins(kept)
    plain["more"] = [
        {key: value for key, value in part.items() if value not in ("", [], ())} for part in plain.pop("more", [])
    ]
    if not plain["more"]:
        del plain["more"]
    return tomlkit.dumps(plain)


def _check_form(key: str, value: str) -> None:
    pattern, words = _FORMS[key]
    if re.fullmatch(pattern, value) is None:
        raise ValueError(f"`{key}`: {value!r}: it takes {words}")
    if key != "sha256" and (reason := why_not(value, LONGEST_FILE)):
        raise ValueError(f"`{key}`: {value!r}: {reason}")


def _check_stems(stems: Sequence[str], keep: Sequence[str]) -> None:
    for stem in stems:
        _check_form("stems", stem)
    if not stems:
        raise ValueError("`stems`: none; name what the model gives, in its order")
    if len(set(stems)) < len(stems):
        raise ValueError(f"`stems`: {_find_duplicate(stems)!r} is named twice")
    if strange := [stem for stem in keep if stem not in stems]:
        raise ValueError(f"`keep`: {strange[0]!r} is not among the stems")


def _find_duplicate(names: Sequence[str]) -> str:
    return next(name for name in names if names.count(name) > 1)
