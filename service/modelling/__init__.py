"""What scores, and how well: the calls that tell of models."""
