"""cnn and PyTorch measured side by side: `make bench`.

Every measurement is a process of its own, in which cnn or PyTorch does one case for some seconds:

| | |
|---|---|
| `cases.py` | what is measured: training steps and predictions |
| `process.py` | how a measuring process is started, what it is told, how it keeps the time |
| `with_cnn.py`, `with_pytorch.py` | the measuring processes; `twin.py` gives PyTorch the same network |
| `matrix_product.py`, `layer_profile.py` | the processor's own limit, and cnn's time layer by layer |
| `compare.py` | one case: both sides in turns, and the ratios of their times |
| `run.py` | all measurements; `machine.py` says where they were made |
| `page.py`, `page.md`, `plot.py` | from `results.json` to `docs/performance.md` and its figure |
"""
