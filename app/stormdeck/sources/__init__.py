"""One source per thing outside. I/O in, snapshots out; failures are values, never exceptions."""
