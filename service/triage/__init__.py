"""Triage: which sessions to watch, what people make of them, and what changes meanwhile."""
