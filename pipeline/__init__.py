"""The pipeline: one module a stage, run as `python -m pipeline.<stage>`.

BLAS reads which kernels to use when NumPy is loaded, and never again: importing this package, which every
stage does first, therefore puts that choice into the environment. It also lets Ctrl-C end a program in one
sentence while its modules are loaded, which takes a second; then `run_stage` sees to that.
"""

import signal
import sys
from typing import NoReturn

from pipeline.common.kernels import pin_kernels


def _stop(*_: object) -> NoReturn:
    print("\nstopped before it began; nothing has changed.", file=sys.stderr)
    sys.exit(130)


pin_kernels()
# While Python looks for a module that it is to run as a program, this is the program's name.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _stop)
