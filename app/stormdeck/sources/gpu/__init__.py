"""The GPUs of this machine, asked through NVML in a thread of their own."""
