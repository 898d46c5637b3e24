"""JACK links of PortAudio: what it connects on its own, which is undone.

Its host API for JACK connects each port of a stream to a port of the device, the outputs to the loudspeakers. As with
our own JACK client nothing is to be connected that the user did not connect.
"""

from __future__ import annotations

import os

from bridge.drivers.clients import close_client, open_client
from bridge.drivers.libjack import import_jack, read_connected_names


def cut_links(client: str, server: str | None = None) -> int:
    """Cut all links of the ports of ``client``; returns how many there were.

    Raises:
        DriverError: There is no such server.
    """
    jack = import_jack()
    own = open_client(f"sideman-links-{os.getpid()}", server)
    count = 0
    try:
        for port in own.get_ports(f"^{client}:", is_audio=True):
            for name in read_connected_names(own, port):
                pair = (port.name, name) if port.is_output else (name, port.name)
                try:
                    own.disconnect(*pair)
                    count += 1
                except jack.JackErrorCode:
                    continue  # it went on its own
    finally:
        close_client(own)
    return count
