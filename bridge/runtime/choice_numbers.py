"""Choice numbers: the numbers of choices in the control process, translated to those of the engine in a worker.

Both processes list the user's files. A worker that starts later may find others than the control process did.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from bridge.core.control import Control, format_value

log = logging.getLogger(__name__)


class ChoiceNumbers:
    """``names``: the choices of controls by number, as the control process has them. ``controls``: the engine's."""

    def __init__(self, names: Mapping[str, tuple[str, ...]], controls: Iterable[Control]) -> None:
        self._numbers = {
            control.name: _translate(control, names[control.name])
            for control in controls
            if names.get(control.name, control.choices) != control.choices
        }

    def translate(self, values: dict[str, float]) -> None:
        """Replace numbers in ``values``, which are by control name, where they differ."""
        for name, numbers in self._numbers.items():
            values[name] = numbers[values[name]]


def _translate(control: Control, names: tuple[str, ...]) -> dict[float, float]:
    """The number of each of ``names`` at ``control``; the default of what is not there any more."""
    own = {name: control.low + number for number, name in enumerate(control.choices)}
    if gone := [name for name in names if name not in own]:
        instead = format_value(control, control.default)
        log.warning("%s: %s is not there any more; %s takes its place", control.name, ", ".join(gone), instead)
    return {control.low + number: own.get(name, control.default) for number, name in enumerate(names)}
