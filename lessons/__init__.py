"""What the pages of docs/learn and the home page show: one module for each page."""

import pipeline  # noqa: F401 - chooses BLAS's kernels, before NumPy is loaded
