"""Loading of networks for local models: refusals, placement, quantization."""
