"""Acting: what people call to see, change, try and measure the rules, and what stops one that does harm."""
