"""Plugin hosts: Pedalboard and DawDreamer behind one interface. Imported in host processes and insert workers alone."""
