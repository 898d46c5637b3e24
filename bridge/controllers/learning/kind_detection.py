"""Kind detection: what a fader, knob or button is, from the values that it sent.

Nothing in MIDI says whether 65 is a position, a step to the right or a step to the left. So the values are explained in
every way that a mapping file knows, and the way that needs the fewest bits is taken (minimum description length,
Rissanen 1978), where it needs clearly fewer than the next. Where two ways explain them equally, the user is asked for
what tells them apart: first a turn to the right, then one to the left.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.controllers.mappings.mapping_file import ButtonKind, EncoderKind

TURN = "turn it to the right, then to the left"
TURN_LEFT = "now turn it to the left"
TURN_RIGHT = "now turn it to the right"
MOVE = "move it further, or press it again"
RELEASE = "let it go"

REST_S = 0.8
"""So long after its last message a button is held no more, if the user presses it as one presses a button."""
MARGIN_BITS = 3.0
"""Factor by which the best explanation must be better than the next."""
CENTRED_MARGIN_BITS = 12.0
"""The same where the best is a fader and the next an encoder around 64, and no value is 64."""
FIRST_BITS = 7.0
"""An absolute value may begin anywhere; a step is small."""
REPEAT_BITS = 6.0
"""An absolute fader sends changes alone, so hardly ever the same value twice in a row."""
TURN_BITS, REVERSE_BITS = 4.0, 2.0
"""A change of direction: of an encoder, which is turned one way and then the other; of a fader, which may tremble."""
LEFT_FIRST_BITS = 6.0
"""The user was asked to turn right first."""
NO_STEP_BITS = 8.0
"""An encoder that is not turned sends nothing."""
FAST = 24
"""Steps, or values in one message, above which a movement is unlikely."""
LEFT_TURN = 3
"""So often 127, and nothing else, may be a knob that is turned to the left: one step in two's complement."""
SMALLEST_PRESS = 16
"""Of 127: below it, a jump from 0 and back may be a fader that trembles at its end."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What something is: of the kind ``encoder`` or ``button``, neither while that is open; then ``question`` says
    what the user does next.

    ``presses``: of a button, 0 of a fader or knob. ``relative``: it is an endless encoder, whichever kind it has.
    """

    encoder: EncoderKind | None = None
    button: ButtonKind | None = None
    question: str = ""
    presses: int = 0
    relative: bool = False

    @property
    def kind(self) -> EncoderKind | ButtonKind | None:
        return self.encoder or self.button

    @property
    def is_button(self) -> bool:
        return self.presses > 0


def detect_kind(
    values: Sequence[int], rest_s: float, only_button: bool = False, wide: bool = False, button_wanted: bool = False
) -> Detection:
    """Detect the kind of what sent ``values`` (0 to 127, oldest first; at least one).

    ``rest_s``: seconds since the last one. ``only_button``: it is a key or pad, which sends velocities and 0.
    ``wide``: the values are the upper seven bits of more, so no steps. ``button_wanted``: the user was asked for a
    button, so that 127 several times is one that never says that it was released, and no knob turned to the left.
    """
    if not (only_button or wide or button_wanted) and len(values) >= LEFT_TURN and set(values) == {127}:
        return Detection(question=TURN_RIGHT, relative=True)
    if (presses := _count_presses(values, only_button)) > 0:
        return _detect_button(values, presses, rest_s)
    if only_button:
        return Detection(question=MOVE)
    if wide:
        return Detection(encoder="absolute") if len(set(values)) > 1 else Detection(question=MOVE)
    if len(values) < 3:
        return Detection(question=MOVE)
    costs: dict[EncoderKind, float] = {kind: _count_step_bits(decode(values)) for kind, decode in _DECODERS.items()}
    costs["absolute"] = _count_position_bits(values)
    (best, least), (second, next_bits), *_ = sorted(costs.items(), key=lambda one: one[1])
    relative = best != "absolute"
    # an encoder around 64 whose steps grow and shrink looks much like a fader at its centre, which passes 64
    is_centred = (best, second) == ("absolute", "offset_64") and 64 not in values
    if next_bits - least >= (CENTRED_MARGIN_BITS if is_centred else MARGIN_BITS):
        return Detection(encoder=best, relative=relative)
    question = TURN
    if best != "absolute":
        turned_right = {step > 0 for step in _DECODERS[best](values)}
        question = TURN if len(turned_right) > 1 else TURN_LEFT if True in turned_right else TURN_RIGHT
    return Detection(question=question, relative=relative and second != "absolute")


def _count_presses(values: Sequence[int], only_button: bool) -> int:
    """How often a button was pressed; 0 where the values are not a button's."""
    pressed = [value for value in values if value]
    if only_button:
        return max(len(pressed), 1)
    if len(values) == 1:
        return int(values[0] == 127)
    if all(value == 127 for value in values):
        return len(values)
    alternate = all(bool(one) != bool(other) for one, other in itertools.pairwise(values))
    if alternate and (min(pressed) >= SMALLEST_PRESS or (len(set(pressed)) == 1 and len(values) >= 4)):
        return len(pressed)
    return 0


def _detect_button(values: Sequence[int], presses: int, rest_s: float) -> Detection:
    """A button by its releases: a device that switches over by itself sends one message for each press."""
    if not any(values) or (values[0] == 0 and len(values) > 1):
        return Detection(button="toggle", presses=presses)
    if values[-1] == 0:
        return Detection(button="momentary", presses=presses)
    if len(values) > 1 and 0 not in values:
        return Detection(button="latched", presses=presses)  # it never says that it was released
    if rest_s < REST_S:
        return Detection(question=RELEASE, presses=presses)
    return Detection(button="toggle", presses=presses)


def _step_twos_complement(values: Sequence[int]) -> list[int]:
    return [value if value < 64 else value - 128 for value in values]


def _step_sign_bit(values: Sequence[int]) -> list[int]:
    return [value if value < 64 else 64 - value for value in values]


def _step_sign_bit_inverted(values: Sequence[int]) -> list[int]:
    return [-step for step in _step_sign_bit(values)]


def _step_offset_64(values: Sequence[int]) -> list[int]:
    return [value - 64 for value in values]


_DECODERS: dict[EncoderKind, Callable[[Sequence[int]], list[int]]] = {
    "twos_complement": _step_twos_complement,
    "sign_bit": _step_sign_bit,
    "sign_bit_inverted": _step_sign_bit_inverted,
    "offset_64": _step_offset_64,
}
"""inc_dec is not among them: its messages are those of twos_complement, and so are its steps."""


def _count_step_bits(steps: Sequence[int]) -> float:
    bits = sum(_count_size_bits(step) if step else NO_STEP_BITS for step in steps)
    bits += TURN_BITS * sum(one * other < 0 for one, other in itertools.pairwise(steps))
    return bits + (LEFT_FIRST_BITS if steps[0] < 0 else 0)


def _count_position_bits(values: Sequence[int]) -> float:
    moves = [other - one for one, other in itertools.pairwise(values)]
    bits = FIRST_BITS + sum(_count_size_bits(move) if move else REPEAT_BITS for move in moves)
    return bits + REVERSE_BITS * sum(one * other < 0 for one, other in itertools.pairwise(moves))


def _count_size_bits(size: int) -> float:
    return math.log2(1 + abs(size)) + max(0, abs(size) - FAST) / 4
