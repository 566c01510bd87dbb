"""The measuring process of the processor's limit: products of large float32 matrices, one in each thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.process import Clock, Job, Measurement, answer
from cnn.parallel import one_blas_thread
from pipeline.common.kernels import kernels_in_use

SIDE = 2048  # of the square matrices: so large that copying takes next to no time


def measure(job: Job) -> Measurement:
    """Return the most multiplications and additions a second that all threads reach together."""
    kernels = kernels_in_use(job.setting["kernels"])
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    products = [np.empty_like(factor) for _ in range(job.threads)]
    clock = Clock(job.seconds)
    with one_blas_thread(), ThreadPoolExecutor(job.threads) as pool:
        while not clock.done:
            list(pool.map(lambda product: np.matmul(factor, factor, out=product), products))
            clock.tick()
    return {"operations_per_second": job.threads * 2 * SIDE**3 / min(clock.times), "kernels": kernels}


if __name__ == "__main__":
    answer(measure)
