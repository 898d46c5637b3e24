"""The ground floor: types that everything above speaks in. Imports NumPy and nothing of ours but errors."""
