"""The road: shared memory, the native cycle, workers and the graph that joins them. Knows no device."""
