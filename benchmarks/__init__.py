"""Side-by-side measurements of cnn and PyTorch: `make bench`.

Each measurement is a process of its own, in which one subject does one case for some seconds:

| | |
|---|---|
| `cases.py`, `subjects.py` | what is measured, and who |
| `job.py`, `clock.py` | what a measuring process is told, and how it keeps the time |
| `with_cnn.py`, `with_pytorch.py` | the measuring processes; `twin.py` gives PyTorch the same network |
| `matrix_product.py`, `layer_profile.py`, `breakdown.py`, `scaling.py` | what is measured beside |
| `compare.py`, `aims.py` | the subjects in turns, the ratios pair by pair, and what they should be |
| `page.py`, `plot.py` | from `results.json` to `docs/performance.md` and its plot |
| `costs.py`, `method.py`, `text.py` | the page's later sections, and how it writes numbers and tables |
"""
