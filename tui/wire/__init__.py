"""Wire of the terminal app: the OSC codec, the link to a sidecar and its sockets, remote control, recordings."""
