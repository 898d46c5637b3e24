"""What moves the graph: JACK in real time, or a virtual clock offline."""
