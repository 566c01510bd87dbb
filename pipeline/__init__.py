"""What makes the network: one module for each stage, run as `python -m pipeline.<stage>`.

BLAS reads which kernels to use when NumPy is loaded, and never again. Importing this package, which every
program of the pipeline does before it imports NumPy, therefore writes that choice into the environment.
"""

from pipeline.common.kernels import pin_kernels

pin_kernels()
