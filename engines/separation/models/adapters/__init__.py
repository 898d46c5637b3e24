"""Adapters for families of public models: inputs and outputs of their graphs, and the processing around them."""
