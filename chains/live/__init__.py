"""Live inserts: a chain as the processor of an insert point."""
