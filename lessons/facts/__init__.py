"""What the figures stage writes for the pages in words and numbers."""
