"""The terminal app: a process of its own that attaches to the Bus over OSC."""
