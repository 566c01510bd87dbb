"""A program that stands in for `python` is no module of tests."""

collect_ignore = ["stage_with_a_fault.py"]
