"""OSCQuery: what can be set and read, described over HTTP, and values over a WebSocket."""
