"""What fraud teams call: assessments, tokens, lists, annotations, decisions."""
