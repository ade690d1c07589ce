"""Learning: labels, training sets that do not know the future, and the linter that looks whether they do."""
