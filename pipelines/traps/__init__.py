"""The trap corpus: short recordings on which signals err, each with its truth, and what becomes of it."""
