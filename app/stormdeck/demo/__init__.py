"""The built-in stack: real HTTP servers on loopback, a simulated client and simulated GPUs."""
