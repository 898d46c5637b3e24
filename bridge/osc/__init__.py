"""Open Sound Control over UDP: datagram validation, server and client."""
