"""OSC client: asks a running sidecar, sets a fader, and prints what changes.

    .venv/bin/sideman run                          # in another terminal
    .venv/bin/python examples/osc_client.py [PORT] [SECONDS]

Any OSC library will do; the protocol is in docs/osc.md.
"""

from __future__ import annotations

import sys

from bridge.errors import BridgeError
from bridge.osc.client import OscClient


def main(port: int = 9123, seconds: float = 5.0) -> int:
    """Talk to the sidecar on ``port``; print changes until none came for ``seconds``."""
    try:
        with OscClient(port=port) as sideman:
            print("ping:", sideman.request("/ping", "hello"))
            sideman.send("/stems/vocals/gain_db", -6.0)  # set: no reply
            print("vocals, dB:", *sideman.request("/stems/vocals/gain_db"))  # without arguments: ask
            sideman.request("/subscribe", "/stems", 10.0)  # at most ten messages a second for each address, for 60 s
            for address, arguments in sideman.read_messages(seconds):
                print(address, *arguments)
    except BridgeError as error:
        print(f"{error.message}: {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:2]), *(float(word) for word in sys.argv[2:3])))
