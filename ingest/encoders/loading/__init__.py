"""Loading of checkpoints: what they lack, and what they look like."""
