"""Workspaces: recordings, or what a service has stored, as frames for people who learn from them."""
