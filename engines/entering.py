"""What every ``python -m`` command of the engines does around its work: say, and fail with a sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bridge.errors import BridgeError

WRONG_USE = 2
TRAINING = ("torch", "pyworld", "onnx")
"""Of the extra `train`: what a command that makes weights may lack."""


def entered(act: Callable[[], None]) -> int:
    """The exit status of ``act``: 0, or WRONG_USE where it raised a BridgeError, whose text then stands on stderr,
    or where it lacks what only training needs."""
    try:
        act()
    except BridgeError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_USE
    except ModuleNotFoundError as error:
        if error.name not in TRAINING:
            raise
        sys.stderr.write(f"{error.name} is not installed; pip install 'sideman[train]'\n")
        return WRONG_USE
    return 0


def say(text: str) -> None:
    """A line, at once, whatever the output is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
