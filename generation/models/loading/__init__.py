"""Loading of networks for local models: what is refused, where it is placed, in how many bits."""
