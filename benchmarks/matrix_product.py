"""The measuring process of the speed limit: products of large float32 matrices, one in each thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.clock import Clock, answer
from benchmarks.job import Job, Measurement
from cnn.parallel import one_blas_thread
from pipeline.common.kernels import check_kernels

SIDE = 2048  # of the matrices: large enough that copies do not count


def measure(job: Job) -> Measurement:
    """Return the most operations a second, multiplications and additions, of all threads together."""
    kernels = check_kernels(job.setting["kernels"])
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
