"""Exported towers of CLIP and SigLIP: run without torch on a CPU."""
