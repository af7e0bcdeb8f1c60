"""Protection of a server: who may ask what, how often, how much and how long."""
