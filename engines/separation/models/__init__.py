"""Models that users add: kept with hash and licence, and run through adapters as separators."""
