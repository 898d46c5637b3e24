"""The session: what every format is written from."""
