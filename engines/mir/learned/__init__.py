"""The engine mir.standard: recurrent networks and the trackers behind them."""
