"""Preset buffers A and B: two sets of values that one key changes over, each with what was changed while it sounded."""

from __future__ import annotations

from dataclasses import dataclass, field

OTHER = {"A": "B", "B": "A"}


@dataclass(slots=True)
class PresetBuffers:
    """``active``: which one sounds. Both are empty until they are first used."""

    active: str = "A"
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def is_used(self) -> bool:
        """Whether there are two to compare."""
        return len(self.values) == len(OTHER)

    def start(self, label: str, now: dict[str, float], other_label: str, other: dict[str, float]) -> dict[str, float]:
        """A is what sounds, B what it is compared with; returns what is to sound now: B."""
        self.active = "B"
        self.labels = {"A": label, "B": other_label}
        self.values = {"A": dict(now), "B": {**now, **other}}
        return self.values["B"]

    def change_over(self, label: str, now: dict[str, float]) -> dict[str, float]:
        """Keep what sounds in its buffer; returns the other one, which is active from here on."""
        self.labels[self.active], self.values[self.active] = label, dict(now)
        self.active = OTHER[self.active]
        return self.values[self.active]

    def copy(self, label: str, now: dict[str, float]) -> str:
        """Put what sounds into both; returns the name of the buffer that was overwritten."""
        for name in OTHER:
            self.labels[name], self.values[name] = label, dict(now)
        return OTHER[self.active]
