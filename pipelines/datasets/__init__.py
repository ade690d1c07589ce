"""Examples to train on: every source read through one instrument, each row with its groups."""
