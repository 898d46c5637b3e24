"""Entry point of the ``python -m`` research commands: output, and errors as a sentence with an exit status."""

from __future__ import annotations

from collections.abc import Callable

from bridge.errors import BridgeError
from bridge.printing import Printer
from bridge.streams import prepare_streams, visible, write_out

WRONG_USE = 2
TRAINING = ("torch", "pyworld", "onnx")
"""Of the extra `train`: what a command that makes weights may lack."""


def run_main(act: Callable[[], None]) -> int:
    """The exit status of ``act``: 0, or WRONG_USE where it raised a BridgeError, whose text then stands on stderr,
    or where it lacks what only training needs."""
    prepare_streams()
    try:
        act()
    except BridgeError as error:
        Printer(stderr=True).say(str(error))
        return WRONG_USE
    except ModuleNotFoundError as error:
        if error.name not in TRAINING:
            raise
        Printer(stderr=True).say(f"{error.name} is not installed; pip install 'sideman[train]'")
        return WRONG_USE
    return 0


def echo(text: str) -> None:
    """A line, at once, whatever the output is."""
    write_out(visible(text) + "\n")
