"""Drivers: JACK clients, the compiled process callback, and servers and DAWs for tests and the demo."""
