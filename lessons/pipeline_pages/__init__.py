"""What the pages of docs/pipeline show: one module for each page."""
