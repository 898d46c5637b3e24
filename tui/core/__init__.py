"""Core of the terminal app: registry and session of the sidecar, rows, screens, key actions. No socket, no terminal."""
