"""Training: from examples to a head with its calibration, points, measures and card."""
