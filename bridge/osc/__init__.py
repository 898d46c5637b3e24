"""Open Sound Control over UDP: the guard before the parser, the server and a client."""
