"""Looks at the GPUs a few times with the real binding and hands the snapshots to whoever started it.

Run as ``python look.py LOOKS``; pickled snapshots on standard output, as the sampler hands them on.
"""

import pickle
import sys

from stormdeck.sources.gpu.sampler import GpuSampler


def main(looks):
    now, handed = 100.0, []
    sampler = GpuSampler(handed.append, 1.0, clock=lambda: now)
    for _ in range(looks):
        now += sampler.sample()
    sys.stdout.buffer.write(pickle.dumps(handed))


if __name__ == "__main__":
    main(int(sys.argv[1]))
