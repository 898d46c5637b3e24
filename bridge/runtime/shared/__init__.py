"""Shared memory of the processes: anonymous mapping, layout, rings, slots and atomics."""
