"""Follow logs that are no files: of containers, units and pods, on this machine or by ssh, and pipes."""
