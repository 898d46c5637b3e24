"""Mackie Control (MCU): its messages, its handshake from both ends, and Sideman as such a device for a DAW."""
