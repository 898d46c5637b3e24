"""Audio runtime: shared memory, compiled callback, workers, and the graph that connects them. Knows no device."""
