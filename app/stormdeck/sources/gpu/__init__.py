"""Read the GPUs of this machine through NVML, in a thread."""
