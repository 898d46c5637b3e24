"""Plugin chains: chains of effects and instruments as files; rendered, checked and used live in processes of their own.

Plugins are foreign code: they are only ever loaded in a host process (`chains.process`), never in this one.
"""
