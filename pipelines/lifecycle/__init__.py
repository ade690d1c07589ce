"""The life of a model: runs and versions on record, comparison, promotion, monitoring."""
