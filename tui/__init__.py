"""Terminal app: a separate process that connects to the Bus over OSC."""
