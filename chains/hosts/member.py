"""Hosted member: the interface of a loaded plugin, effect or program, whichever host loaded it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from bridge.core.audio import Audio
from chains.process.messages import MemberFacts, ParameterFacts
from chains.process.verdict import HostVerdict, PluginError

if TYPE_CHECKING:
    from chains.hosts.offline_run import OfflineRun

MIN_BLOCK_FRAMES = 16
"""Frames of the smallest first block: fewer are taken for channels, and states need as many before they hold."""

_LEAD_FRAMES = 8192
"""Frames of silence in front of a signal: the largest usual block, since plugins move to their settings in the first
one. ZamDelay and ZamGrains would differ by -9 and -29 dB between blocks of 8192 and 512 frames."""


def count_lead_frames(block_frames: int) -> int:
    """Frames of silence in front of a signal: the same for all usual sizes and in both hosts, so that what moves in a
    plugin is at the same place."""
    return max(_LEAD_FRAMES, block_frames)


class HostedMember(Protocol):
    """A loaded member. All calls come from the thread that loaded it."""

    @property
    def label(self) -> str:
        """What the chain calls it."""

    @property
    def host(self) -> str:
        """The host that loaded it: ``pedalboard`` or ``dawdreamer``."""

    @property
    def latency_frames(self) -> int:
        """Its latency as it is now; it may change with any parameter, state or block."""

    def facts(self) -> MemberFacts:
        """What was loaded."""

    def parameters(self) -> tuple[ParameterFacts, ...]:
        """All its parameters, read now."""

    def set_parameter(self, name: str, value: float | bool | str) -> None:
        """Set a parameter in its own unit, or by the text that the plugin shows, and read it back.

        Raises:
            PluginError: There is no such parameter, or it does not take the value.
        """

    def set_raw(self, name: str, raw: float) -> None:
        """Set a parameter from 0 to 1, and read it back.

        Raises:
            PluginError: There is no such parameter, or it does not take the value.
        """

    def raw_curve(self, name: str, values: Audio) -> Audio:
        """The values for `automate` of values in the parameter's unit.

        Raises:
            PluginError: There is no such parameter, or it is not to be automated.
        """

    def save_state(self) -> bytes:
        """Its state as a .vstpreset; empty where the host cannot save it."""

    def load_state(self, state: bytes) -> None:
        """Load a .vstpreset.

        Raises:
            PluginError: It is damaged, or of another plugin.
        """

    def settle(self) -> None:
        """Let parameters and state take effect, so that the latency is right, and start again from silence."""

    def close(self) -> None:
        """Let go of the plugin."""


@runtime_checkable
class StreamingMember(HostedMember, Protocol):
    """A member that takes a signal block by block: those of Pedalboard."""

    @property
    def reports_latency(self) -> bool:
        """Whether its latency is what a plugin reports; else it is what the stream has kept back."""

    def prepare(self, rate: int) -> None:
        """Run at another rate from now on, in Hz, from silence."""

    def reset(self) -> None:
        """Continue from silence."""

    def lead_in(self, buffer_frames: int) -> None:
        """Play the silence in front of a signal, in blocks of the size that follows; none for effects. Not live: a
        reset behind missed blocks has no time for it."""

    def feed(self, block: Audio, buffer_frames: int) -> Audio:
        """Process a block, shape (2, frames), ``buffer_frames`` at a time.

        Returns:
            The newest (2, n) frames that came out, n up to ``frames``: fewer behind a reset, by the latency.
        """

    def automate(self, values: dict[str, float]) -> None:
        """Set parameters for the next block, without reading them back; from 0 to 1 as `raw_curve` gave them."""


@runtime_checkable
class WholeMember(HostedMember, Protocol):
    """A member that takes a whole signal at once: those of DawDreamer."""

    def render(self, audio: Audio, run: OfflineRun) -> Audio:
        """Process a whole signal, shape (2, frames), from silence; the same shape, late by the latency.

        Raises:
            PluginError: It cannot do it.
        """


def refuse(label: str, step: str, message: str, hint: str) -> PluginError:
    """The error of what a member cannot do; ``step``: load, state, parameters, prepare or render."""
    return PluginError(f"{label}: {message}", hint, HostVerdict.REFUSED, label, step)
