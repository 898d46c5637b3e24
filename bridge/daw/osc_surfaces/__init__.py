"""OSC surfaces of DAWs: transport and markers of Ardour and Reaper."""
