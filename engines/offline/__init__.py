"""Songs in, files out: what every command that works on files shares, whatever it does to them."""
