"""Commands of chains: ``sideman chain`` and ``sideman render``."""
