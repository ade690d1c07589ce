"""Experiments: what the project claims of its own methods, measured, with the figures that the docs show."""
