"""What is agreed: recordings and their dialects, canonical events, vectors, assessments, errors."""
