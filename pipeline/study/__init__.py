"""The study of a recipe: the same training with several seeds, and how far the results vary."""
