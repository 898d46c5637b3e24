"""Check run: one chain through all checks, in one host at one rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec.structs import replace as replace_fields

from bridge.errors import ConfigError
from chains.checks.check_list import run_checks
from chains.checks.check_picture import CheckCurves, compute_curves
from chains.checks.check_report import ChainCheckReport
from chains.checks.host_session import SessionFactory
from chains.checks.outcome import CheckResult, Outcome
from chains.checks.plugin_chain import is_plugin, make_plugin_chain
from chains.checks.process_session import ProcessSession
from chains.checks.subject import Subject
from chains.document.chain import Chain
from chains.document.chain_file import SUFFIX, get_folder
from chains.document.chain_lookup import is_chain_name, is_path, load_chain
from chains.process.limits import Limits

BOTH = "both"
SIGN_OF_INSTRUMENT = "instrument"
"""Word in the refusal of a plugin that takes no audio."""


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """What is checked. ``name``: as the user gave it. ``folder``: of the chain's file; empty for a plugin."""

    name: str
    chain: Chain
    folder: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it comes from a chain's file."""
        return bool(self.folder)


def find_target(text: str, plugin: str = "") -> CheckTarget:
    """The chain or plugin that ``text`` names: a chain's name or file, a plugin's path, URI or name.

    ``plugin``: the name of the plugin, where its file has several.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    if is_plugin(text):
        return CheckTarget(text, make_plugin_chain(text, plugin))
    try:
        path, chain = load_chain(text)
    except ConfigError as error:
        if is_path(text) or is_chain_name(text):
            raise
        return CheckTarget(text, _find_installed(text, plugin, error))
    return CheckTarget(text, chain, str(get_folder(path)))


def _find_installed(name: str, plugin: str, error: ConfigError) -> Chain:
    """A chain of the installed plugin ``name``; ``error``: why no chain has this name."""
    try:
        return make_plugin_chain(name, plugin)
    except ConfigError as missing:
        message = f"{error.message}, and {missing.message}"
        raise ConfigError(message, f"a chain: {error.hint}; a plugin: {missing.hint}") from missing


def list_targets(text: str) -> list[str]:
    """``text``, or the chain files in the folder that it names, by name.

    Raises:
        ConfigError: The folder has none, or cannot be read.
    """
    folder = Path(text).expanduser()
    if is_plugin(text) or not folder.is_dir() or (not is_path(text) and is_chain_name(text)):
        return [text]
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix == SUFFIX and not one.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read ({error.strerror})", "check its permissions") from error
    if not files:
        raise ConfigError(f"{folder}: has no chain file", f"a chain file ends in {SUFFIX}")
    return [str(one) for one in files]


def make_unreadable_report(text: str, error: ConfigError, host: str, rate: int, strictness: int) -> ChainCheckReport:
    """The report of a chain that cannot be read or found: its check ``load`` failed."""
    result = CheckResult(
        check="load", outcome=Outcome.FAIL, finding=error.message.removeprefix(f"{text}: "), fix=error.hint
    )
    return ChainCheckReport(chain=text, host=host, rate=rate, strictness=strictness, duration_s=0.0, results=(result,))


def make_factory(target: CheckTarget, limits: Limits | None = None) -> SessionFactory:
    """Sessions on host processes for a target."""
    return lambda host: ProcessSession(host, target.folder, limits)


def find_instrument(target: CheckTarget, report: ChainCheckReport) -> CheckTarget | None:
    """The target as an instrument, where it is a plugin by its path that did not load because it takes no audio."""
    load = report.results[0]
    if target.is_file or load.outcome is not Outcome.FAIL or SIGN_OF_INSTRUMENT not in f"{load.finding} {load.fix}":
        return None
    member = replace_fields(target.chain.members[0], is_instrument=True)
    return (
        None
        if target.chain.members[0].is_instrument
        else replace(target, chain=replace_fields(target.chain, members=(member,)))
    )


def check_target(
    target: CheckTarget,
    open_session: SessionFactory,
    read_clock: Callable[[], float],
    *,
    host: str = "auto",
    rate: int = 48_000,
    strictness: int = 1,
    report: Callable[[CheckResult], None] = lambda _: None,
) -> tuple[ChainCheckReport, CheckCurves | None]:
    """Check a target; what fails is in the report. ``read_clock``: seconds. ``report`` gets each result at once."""
    started_s = read_clock()
    subject = Subject(target.chain, open_session, rate, host, strictness)
    try:
        results = run_checks(subject, strictness, read_clock, report)
        curves = compute_curves(subject)
    finally:
        subject.close()
    duration_s = round(read_clock() - started_s, 3)
    about = ChainCheckReport(
        chain=target.name, host=host, rate=rate, strictness=strictness, duration_s=duration_s, results=results
    )
    return about, curves


def name_picture(path: Path, number: int, count: int) -> Path:
    """The file of picture ``number`` of ``count``: several get their number."""
    return path if count == 1 else path.with_name(f"{path.stem}-{number + 1}{path.suffix}")
