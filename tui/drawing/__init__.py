"""Drawing of the screens: meters, faders, tables, the routing matrix, block letters, the piano roll."""
