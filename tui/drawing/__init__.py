"""What screens are drawn with: meters, faders, tables, the routing matrix, large letters, the piano roll."""
