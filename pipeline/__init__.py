"""The pipeline: one module a stage, run as `python -m pipeline.<stage>`.

BLAS reads which kernels to use when NumPy is loaded, and never again: importing this package, which every
stage does first, therefore puts that choice into the environment.
"""

from pipeline.kernels import pin_kernels

pin_kernels()
