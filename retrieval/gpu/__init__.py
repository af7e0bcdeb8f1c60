"""Exact MaxSim scores on a CUDA device.

With retrieval.rerank.cross_encoder, this is all of the layer that imports torch.
"""
