"""Deciding: what is said of a session, written down so that it can be said again."""
