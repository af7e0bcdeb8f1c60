"""Exact MaxSim scores on the CPU."""
