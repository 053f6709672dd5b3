"""What every connector must stand: one list of faults, and for each connector its network, played on this machine."""
