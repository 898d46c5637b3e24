"""DAWproject: the open exchange format of Bitwig Studio, Studio One and Cubase, as one file."""
