"""Evaluation: labelled sets searched and answered, with metrics."""
