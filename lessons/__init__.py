"""What the pages of docs/learn, docs/pipeline and the home page show: one module for each page.

`from_network` returns what a page shows of the trained network, which the stage `figures` computes.
`from_repository` returns what follows from the code, `params.yaml` and the results in git, and is called when
the site is built. A module has one of these functions or both, and imports no other page's module.
"""

import pipeline  # noqa: F401 - chooses BLAS's kernels, before NumPy is loaded
