"""The bench of the live service: bodies, a load generator, two servers beside each other, rounds in turn."""
