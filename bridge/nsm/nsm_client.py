"""NSM client: the messages between Sideman and a session manager.

Announce, open (also a second one: switch), save, show and hide the GUI; what the server is sent about the start, about
unsaved changes and the window. API 1.1: https://new-session-manager.jackaudio.org/api/
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol

from bridge.errors import BridgeError, ConfigError
from bridge.nsm.nsm_socket import NsmSocket
from bridge.nsm.terminal_window import TerminalWindow

log = logging.getLogger(__name__)

NAME = "Sideman"
"""Name in the session manager, and first part of the name on JACK."""
API_VERSION = (1, 1)
CAPABILITIES, GUI_CAPABILITY = ":dirty:switch:message:progress:", "optional-gui:"
ANNOUNCE, OPEN, SAVE = "/nsm/server/announce", "/nsm/client/open", "/nsm/client/save"
SHOW, HIDE = "/nsm/client/show_optional_gui", "/nsm/client/hide_optional_gui"
POLL_S = 0.2
"""Interval at which a closed window is noticed."""
ANSWER_S = 10.0
"""Longest time for the server to answer the announcement: it answers no message while it ends other programs."""


class NsmError(IntEnum):
    """Error numbers of the API that a client sends."""

    GENERAL = -1
    NO_SESSION_OPEN = -6
    NOT_NOW = -8
    BAD_PROJECT = -9


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What the session manager asks for. ``client``: the name on JACK; ``session``: the session's, for people."""

    folder: Path
    session: str
    client: str


class OpenSession(Protocol):
    """The session of a sidecar that runs."""

    osc_port: int

    def save(self) -> None:
        """Write the session's files. Raises: ConfigError."""

    def end(self) -> None:
        """Make the sidecar end, for another session. From any thread."""


class NsmClient:
    """A context manager: Sideman is announced at its begin, and a thread answers the server inside.

    ``window``: the GUI, where it can be shown. ``check``: called with what is to be opened while another session is
    open; raises a BridgeError where it cannot be.
    """

    def __init__(
        self, server: tuple[str, int], window: TerminalWindow | None, check: Callable[[OpenRequest], object]
    ) -> None:
        self._socket, self._window, self._check = NsmSocket(*server), window, check
        self._changed = threading.Condition()
        self._is_refused = False
        self._request: OpenRequest | None = None
        """To be opened, and not answered yet."""
        self._session: OpenSession | None = None
        self._was_shown = False
        self._is_window_due = False
        """Whether the server is to be sent the window's state, changed or not."""
        self._must_hide = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> NsmClient:
        self._socket.__enter__()
        capabilities = CAPABILITIES + (GUI_CAPABILITY if self._window is not None else "")
        self._socket.send(ANNOUNCE, NAME, capabilities, find_executable(sys.argv[0]), *API_VERSION, os.getpid())
        self._thread = threading.Thread(target=self._run, name="nsm", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is not None and isinstance(error, Exception):
            self.refuse_open(error)
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._window is not None:
            self._window.hide()
        self._socket.__exit__(kind, error, tb)

    def wait_for_open(self, timeout_s: float = ANSWER_S) -> OpenRequest | None:
        """What is to be opened; None where the server refuses us, or does not answer within ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._request is not None or self._is_refused, timeout_s)
            if self._request is None and not self._is_refused:
                where = f"{self._socket.host}:{self._socket.port}"
                log.warning("no session manager answers at %s (NSM_URL): Sideman runs without a session", where)
            return self._request

    def leave_session(self) -> None:
        """The sidecar is about to end: nothing is saved, and the window is closed."""
        with self._changed:
            self._session = None
        self._must_hide = True

    def get_request(self) -> OpenRequest | None:
        """What is to be opened, and not answered yet."""
        with self._changed:
            return self._request

    def accept_open(self, session: OpenSession, opened: OpenRequest | None) -> None:
        """``session`` runs, as ``opened`` asked for; None: a sidecar without a session."""
        with self._changed:
            self._session, asked = session, self._request
            if asked is None:
                return
            if asked == opened:
                self._request = None
        if asked != opened:  # it came after we had given up waiting
            self._switch(session, asked)
            return
        self._socket.send("/nsm/client/progress", 1.0)
        self._socket.send("/reply", OPEN, "opened")
        self._socket.send("/nsm/client/is_clean")
        self._is_window_due = True

    def refuse_open(self, error: Exception) -> None:
        """The session cannot be opened. What was to be opened is answered, if it was not yet."""
        with self._changed:
            if self._request is None:
                return
            self._request = None
        code = NsmError.BAD_PROJECT if isinstance(error, ConfigError) else NsmError.GENERAL
        self._socket.send("/error", OPEN, int(code), str(error))

    def report_start(self, step: str, done: int = 0, of: int = 0) -> None:
        """A step of the start; ``done`` parts ``of`` all where they can be counted."""
        with self._changed:
            if self._request is None:
                return
        if of:
            self._socket.send("/nsm/client/progress", min(done, of) / of)
        else:
            self._socket.send("/nsm/client/message", 1, step)

    def report_changes(self, is_dirty: bool) -> None:
        """Whether the session has changes that are not saved."""
        self._socket.send("/nsm/client/is_dirty" if is_dirty else "/nsm/client/is_clean")

    def receive(self, address: str, args: tuple[object, ...]) -> None:
        """Answer one message of the server; others are ignored, as the API demands of clients."""
        if address == OPEN:
            self._open(args)
        elif address == SAVE:
            self._save()
        elif address == SHOW:
            self._show()
        elif address == HIDE and self._window is not None:
            self._window.hide()
            self._is_window_due = True
        elif address == "/reply" and args[:1] == (ANNOUNCE,):
            log.info("session manager: %s", " ".join(str(word) for word in args[1:3]))
        elif address == "/error" and args[:1] == (ANNOUNCE,):
            log.warning("the session manager refuses Sideman, which runs without a session: %s", args[-1])
            with self._changed:
                self._is_refused = True
                self._changed.notify_all()

    def _open(self, args: tuple[object, ...]) -> None:
        words = [word for word in args if isinstance(word, str)]
        if len(words) != 3 or len(args) != 3:
            self._socket.send("/error", OPEN, int(NsmError.GENERAL), f"{OPEN} has a folder, a name and a client id")
            return
        request = OpenRequest(Path(words[0]), words[1], words[2])
        with self._changed:
            if self._request is not None:
                if request != self._request:  # a request that comes twice is answered once
                    message = "Sideman still opens another session: ask again when that is answered"
                    self._socket.send("/error", OPEN, int(NsmError.NOT_NOW), message)
                return
            session, self._request = self._session, request
            self._changed.notify_all()
        if session is not None:
            self._switch(session, request)

    def _switch(self, session: OpenSession, request: OpenRequest) -> None:
        """Let the sidecar end for the next session, or where that cannot be opened, play on without one."""
        try:
            self._check(request)
        except BridgeError as error:
            self.refuse_open(error)
            with self._changed:
                # the server takes us for the next session's client: what it saves now must not reach the last one's
                self._session = _ClosedSession(session)
            log.warning("the session %s cannot be opened: %s", request.session, error)
            return
        session.end()

    def _save(self) -> None:
        with self._changed:
            session, is_opening = self._session, self._request is not None
        if session is None or is_opening:
            self._socket.send("/error", SAVE, int(NsmError.NOT_NOW), "the session is not open yet")
            return
        try:
            session.save()
        except SessionClosedError as error:
            self._socket.send("/error", SAVE, int(NsmError.NO_SESSION_OPEN), str(error))
        except Exception as error:
            if not isinstance(error, BridgeError):
                log.exception("the session could not be saved")
            self._socket.send("/error", SAVE, int(NsmError.GENERAL), str(error) or type(error).__name__)
        else:
            self._socket.send("/reply", SAVE, "saved")

    def _show(self) -> None:
        session = self._session
        if self._window is None or session is None:
            return
        try:
            self._window.show(session.osc_port)
        except OSError as error:
            self._socket.send("/nsm/client/message", 2, f"no terminal window: {error}")
        self._is_window_due = True

    def _report_window(self) -> None:
        """Send whether the window is shown: after a request, and after the user has closed it."""
        if self._window is None:
            return
        if self._must_hide:
            self._must_hide = False
            self._window.hide()
        is_due, self._is_window_due = self._is_window_due, False
        is_shown = self._window.is_shown
        if is_due or is_shown != self._was_shown:
            self._socket.send("/nsm/client/gui_is_shown" if is_shown else "/nsm/client/gui_is_hidden")
        self._was_shown = is_shown

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for address, args in self._socket.receive(POLL_S):
                    self.receive(address, args)
                self._report_window()
            except Exception:
                log.exception("a message of the session manager failed")


class SessionClosedError(BridgeError):
    """Saving while no session is open."""


class _ClosedSession:
    """A sidecar that plays on after its next session could not be opened."""

    def __init__(self, last: OpenSession) -> None:
        self._last, self.osc_port = last, last.osc_port

    def save(self) -> None:
        raise SessionClosedError("the session could not be opened, so nothing is saved", "correct it, open it again")

    def end(self) -> None:
        self._last.end()


def find_executable(program: str) -> str:
    """The name that starts us, from ``sys.argv[0]``: by it a server finds the client that it started.

    Servers start programs by name from the PATH, and keep the name in the session.
    """
    name = Path(program).name
    return NAME.lower() if name in ("", "-c", "__main__.py") else name
