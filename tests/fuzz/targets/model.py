"""Model fuzz target: ONNX files opened, bounded and fitted by every adapter, as ``sideman models`` does; not run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from bridge.errors import BridgeError
from engines.separation.models.bounds import MOST_FRAMES
from engines.separation.models.chunked import PieceSeparator
from engines.separation.models.manifest import Adapter, Manifest
from engines.separation.models.model_loader import make_separator
from engines.separation.models.onnx_graph import open_graph
from engines.separation.models.store import Model
from tests.engines.separation.models import graphs
from tests.fuzz.target import Target

STEMS = ("drums", "bass", "vocals", "other")
WINDOW = {"mdxnet": 64, "htdemucs": 64, "roformer": 64, "openunmix": 64, "spleeter": 64, "streaming": None}


def read(data: bytes, folder: Path) -> None:
    """A separator by at least one adapter, or a clear refusal."""
    path = folder / "m.onnx"
    path.write_bytes(data)
    graph = open_graph(path)
    refusals: list[BridgeError] = []
    for adapter in get_args(Adapter):
        try:
            manifest = Manifest(
                name="m", adapter=adapter, file=path.name, sha256="0" * 64, licence="x", source="x", rate=44100,
                stems=STEMS, window=WINDOW[adapter],
            )  # fmt: skip
            separator = make_separator(Model(manifest, folder), lambda _: graph)
        except BridgeError as error:
            refusals.append(error)
        else:
            if isinstance(separator, PieceSeparator):
                assert 2 <= separator.piece_frames <= MOST_FRAMES
    if len(refusals) == len(get_args(Adapter)):
        raise refusals[0]


def make_seeds() -> Iterator[bytes]:
    """One file of each family."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.onnx")
        yield graphs.write_stacked_graph(path, "mix", (1, 2, 160), (0.1, 0.2, 0.3, 0.4)).read_bytes()
        yield graphs.core(path, (1, 2, 160), (1, 4, 32, 10), (0.1,) * 4, (0.1,) * 4).read_bytes()
        yield graphs.pair(path, (1, 2, 33, "columns"), (0.1, 0.2, 0.3, 0.4)).read_bytes()
        yield graphs.plain(path, "spec", (1, 4, 32, 16), 0.5).read_bytes()
        yield graphs.plain(path, "magnitude", (1, 2, 512, 32), 0.5).read_bytes()
        yield graphs.write_delaying_graph(path, 8, 12, (0.1, 0.2, 0.3, 0.4)).read_bytes()


TARGET = Target(
    "model",
    read,
    make_seeds,
    tokens=(
        b"Loop", b"If", b"Scan", b"Mul", b"Concat", b"Identity", b"ConstantOfShape", b"location", b"external",
        b"\x08\x01", b"\x10\x11", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"com.microsoft", b"next_history",
    ),
    modules=(
        "engines.separation.models.onnx_graph", "engines.separation.models.model_loader",
        "engines.separation.models.chunked",
        "engines.separation.models.adapters.htdemucs", "engines.separation.models.adapters.mdxnet",
        "engines.separation.models.adapters.openunmix", "engines.separation.models.adapters.roformer",
        "engines.separation.models.adapters.spleeter", "engines.separation.models.adapters.streaming",
    ),
    mutations=500,
)  # fmt: skip
