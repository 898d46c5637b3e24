"""Material to learn from: recordings and renders of symbolic music as stems, for separation and for analysis."""
