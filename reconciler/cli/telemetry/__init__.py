"""How a run is watched by a collector of telemetry, where there is one."""
