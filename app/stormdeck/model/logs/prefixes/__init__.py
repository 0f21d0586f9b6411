"""Read what stands before a line: the prefix of a collector, its clock, its names."""
