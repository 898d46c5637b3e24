"""Session runs: what ``sideman run`` starts, once, or again for each session that a session manager opens."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from bridge.nsm.nsm_address import find_session_manager
from bridge.nsm.nsm_client import NsmClient, OpenRequest, SessionClosedError
from bridge.nsm.terminal_window import TerminalWindow, find_terminal

if TYPE_CHECKING:  # the announcement has 5 s, and the rest takes longer to import on a busy machine
    from bridge.app import Sidecar
    from bridge.control.preset import Preset
    from bridge.nsm.session_project import SessionProject
    from bridge.routing.active_scene_file import SceneStore
    from bridge.settings import Settings


@dataclass(frozen=True, slots=True)
class RunPlan:
    """A sidecar to be run. ``controls``: the preset that it starts with; ``scenes``: see `bridge.app.Sidecar`."""

    settings: Settings
    controls: Preset | None = None
    scenes: SceneStore | None = None


class SessionRuns(AbstractContextManager["SessionRuns"]):
    """A context manager: without a session manager it plans one run."""

    def plan(self, settings: Settings) -> Iterator[RunPlan]:
        """The runs, one after the other: ask for the next one when a sidecar has ended. ``settings``: the user's.

        Raises:
            ConfigError: A session cannot be opened.
        """
        yield RunPlan(settings)

    def note_running(self, sidecar: Sidecar) -> None:
        """``sidecar`` runs what was planned last."""

    def note_ending(self) -> None:
        """It ends now."""

    def report_start(self, step: str, done: int = 0, of: int = 0) -> None:
        """A step of the start, as `bridge.app.Sidecar` reports it."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Nothing is left."""


class ManagedRuns(SessionRuns):
    """Runs for a session manager at the address ``server``, which is sent an announcement at once."""

    def __init__(self, server: tuple[str, int], environment: Mapping[str, str]) -> None:
        terminal = find_terminal(environment)
        window = TerminalWindow(terminal) if terminal is not None else None
        self._client = NsmClient(server, window, lambda request: self._open(request))
        self._settings: Settings | None = None
        self._request: OpenRequest | None = None
        self._project: SessionProject | None = None
        self._running: RunningSession | None = None

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._client.__exit__(kind, error, tb)

    def plan(self, settings: Settings) -> Iterator[RunPlan]:
        """See `SessionRuns.plan`."""
        self._settings = settings
        self._request = self._client.wait_for_open()
        if self._request is None:
            yield RunPlan(settings)
            self._request = self._client.get_request()
        while self._request is not None:
            self._project = project = self._open(self._request)
            yield RunPlan(choose_osc_port(project.settings), project.controls, project.scene)
            self._project = None
            self._request = self._client.get_request()

    def note_running(self, sidecar: Sidecar) -> None:
        """See `SessionRuns.note_running`."""
        self._running = RunningSession(sidecar, self._project, self._client.report_changes)
        self._client.accept_open(self._running, self._request)

    def note_ending(self) -> None:
        """See `SessionRuns.note_ending`."""
        self._client.leave_session()
        if self._running is not None:
            self._running.close()
            self._running = None

    def report_start(self, step: str, done: int = 0, of: int = 0) -> None:
        """See `SessionRuns.report_start`."""
        self._client.report_start(step, done, of)

    def _open(self, request: OpenRequest) -> SessionProject:
        from bridge.installed_controls import make_registry
        from bridge.nsm.session_project import open_project
        from bridge.settings import Settings

        return open_project(request.folder, request.client, self._settings or Settings(), make_registry)


class RunningSession:
    """The session of a sidecar that runs; ``project``: None while no session is open."""

    def __init__(self, sidecar: Sidecar, project: SessionProject | None, report: Callable[[bool], object]) -> None:
        from bridge.nsm.unsaved_changes import UnsavedChanges

        self._sidecar, self._project = sidecar, project
        self.osc_port = sidecar.osc.port if sidecar.osc is not None else sidecar.settings.osc.port
        self._changes = UnsavedChanges(sidecar.bus, project.scene, report) if project is not None else None

    def save(self) -> None:
        """See `bridge.nsm.nsm_client.OpenSession`."""
        if self._project is None or self._changes is None:
            raise SessionClosedError("no session is open", "open one in the session manager")
        saved = self._changes.read()
        self._project.save(self._sidecar.bus)
        self._changes.note_saved(saved)

    def end(self) -> None:
        """See `bridge.nsm.nsm_client.OpenSession`."""
        self._sidecar.stop()

    def close(self) -> None:
        """Follow no more changes."""
        if self._changes is not None:
            self._changes.close()


def open_runs(environment: Mapping[str, str], is_managed: bool) -> SessionRuns:
    """The runs of a command; ``is_managed``: whether a session manager may have it, if NSM_URL names one.

    Raises:
        ConfigError: NSM_URL is no address.
    """
    server = find_session_manager(environment) if is_managed else None
    return SessionRuns() if server is None else ManagedRuns(server, environment)


def choose_osc_port(settings: Settings) -> Settings:
    """``settings``, with a free OSC port where another program has theirs: a session may have several sidecars."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((settings.osc.host, settings.osc.port))
        except OSError:
            osc = msgspec.structs.replace(settings.osc, port=0)
            return msgspec.structs.replace(settings, osc=osc)
    return settings
