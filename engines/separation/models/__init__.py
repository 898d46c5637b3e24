"""Users' models: stored with hash and licence, run through adapters as separators."""
