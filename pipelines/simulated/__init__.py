"""A shop history that nobody lived: named simulated wherever it shows."""
