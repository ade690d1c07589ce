"""Jobs over stored recordings: label, train, evaluate."""
