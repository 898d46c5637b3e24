"""Link tasks: what other threads ask to be done to connections, run by the one thread that may ask the server."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from concurrent.futures import Future

from bridge.errors import BridgeError, DriverError
from bridge.routing.patchbay import LinkEvent
from bridge.routing.port_graph import LinkMaker
from bridge.routing.routing_service import LinkTask

log = logging.getLogger(__name__)

TASK_S = 10.0
"""A task that JACK has not finished by then never will be."""

AWAY = DriverError("the JACK server is away", "wait until it is back")


class LinkTasks:
    """A queue of tasks. ``wake``: called when there is one."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._tasks: queue.SimpleQueue[tuple[LinkTask, Future[list[LinkEvent]]]] = queue.SimpleQueue()
        self._wake = wake

    def run(self, task: LinkTask) -> list[LinkEvent]:
        """Let ``task`` be run, and wait for it.

        Raises:
            BridgeError: The server is away or does not answer, or the task failed.
        """
        done: Future[list[LinkEvent]] = Future()
        self._tasks.put((task, done))
        self._wake()
        try:
            return done.result(TASK_S)
        except TimeoutError as error:
            done.cancel()  # what was asked now must not happen at some later time
            raise DriverError(f"the JACK server did not answer for {TASK_S:.0f} s", "see whether it hangs") from error

    def serve(self, links: LinkMaker | None, now: float) -> None:
        """Run the tasks that wait, on ``links``; each fails where there are none because no server runs."""
        while not self._tasks.empty():
            task, done = self._tasks.get()
            if not done.set_running_or_notify_cancel():
                continue
            try:
                if links is None:
                    raise AWAY
                done.set_result(task(links, now))
            except BridgeError as error:
                done.set_exception(error)
            except Exception as error:
                log.exception("a task on the connections failed")
                done.set_exception(error)
