"""What is learned: heads, calibration, operating points, reasons, worth, the scorer."""
