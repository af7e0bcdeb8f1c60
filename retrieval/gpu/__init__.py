"""Exact MaxSim scores on a CUDA device; the only folder of this layer that imports torch."""
