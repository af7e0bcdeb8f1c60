"""Exact MaxSim scores on a CUDA device.

This is the only folder of the layer that imports torch.
"""
