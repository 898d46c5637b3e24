"""DawDreamer parameter: a parameter of a plugin by its index; texts are read by setting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chains.hosts.dawdreamer_engine import Processor
from chains.hosts.parameter_values import MAX_LISTED_STEPS


class DawDreamerParameter:
    """A parameter of one or two instances of a plugin. ``facts``: what DawDreamer says of it.

    A VST2 says of no parameter for certain whether it may be automated, and shows its meters as none: all may be set.
    """

    def __init__(self, processors: Sequence[Processor], facts: dict[str, Any], is_vst2: bool) -> None:
        self._processors = tuple(processors)
        self.index: int = facts["index"]
        self.name: str = facts["name"]
        self.unit: str = facts["label"].strip()
        self.steps: int = facts["numSteps"] if facts["numSteps"] <= MAX_LISTED_STEPS else 0
        self.is_automatable: bool = bool(facts["isAutomatable"]) or is_vst2

    def read(self) -> float:
        """The raw value now; that of the first instance."""
        return float(self._processors[0].get_parameter(self.index))

    def write(self, raw: float) -> None:
        """Set the raw value of every instance."""
        for one in self._processors:
            one.set_parameter(self.index, raw)

    def find_text(self, raw: float) -> str:
        """The text for a raw value: DawDreamer knows the present one only, so the value is set, and set back."""
        first = self._processors[0]
        before = self.read()
        first.set_parameter(self.index, raw)
        text = str(first.get_parameter_text(self.index))
        first.set_parameter(self.index, before)
        return text

    def parse_text(self, text: str) -> float | None:  # noqa: ARG002 - the signature is that of a protocol
        """None: DawDreamer cannot ask the plugin."""
        return None
