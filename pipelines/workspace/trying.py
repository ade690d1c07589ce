"""Trying a fold of a notebook: held against the laws on stored sessions, and what it adds to a head."""
