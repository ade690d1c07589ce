"""What is computed: folds over events, and the features and signals read off them."""
