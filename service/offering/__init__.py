"""Offering: which rule a session meets, and whether its caps still let it be offered."""
