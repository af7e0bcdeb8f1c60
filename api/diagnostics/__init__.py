"""Checks of the installation, the home and the models."""
