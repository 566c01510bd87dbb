"""One case: cnn and PyTorch in turns, and the ratios of their times, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.cases import Case, operations_per_image
from benchmarks.process import Measurement, Subject
from pipeline.common.errors import PipelineError

# A subject that takes so many times as long as the fastest in the first rounds is left out of the rest.
HOPELESS = 1.25
FIRST_ROUNDS = 2

Tell = Callable[[str], None]
"""Called before each measurement, with a few words on what it is."""


def compare(
    case: Case, ours: Sequence[Subject], others: Sequence[Subject], rounds: int, seconds: float, tell: Tell
) -> dict[str, Any]:
    """Measure one case: each subject once in every round; each round begins with the next subject.

    Args:
        case: what is measured.
        ours: the subjects of cnn.
        others: the subjects they are compared with. One that fails is left out, and the reason is kept. One
            that is too slow to become the best is left out after the first rounds.
        rounds: how often each subject is measured.
        seconds: how long each measurement takes at least.
        tell: is told what each measurement is, before it begins.

    Returns:
        Every subject's measurements, the best of the others, and the ratios to it.

    Raises:
        PipelineError: if one of ours fails, or all the others do.
    """
    subjects = [*ours, *others]
    runs: dict[str, list[Measurement]] = {subject.name: [] for subject in subjects}
    unavailable: dict[str, str] = {}
    behind: dict[str, float] = {}
    for turn in range(rounds):
        first = turn % len(subjects)
        for subject in subjects[first:] + subjects[:first]:
            tell(f"{case.name}, {subject.name}, round {turn + 1} of {rounds}")
            if subject.name in unavailable or subject.name in behind:
                continue
            try:
                runs[subject.name].append(subject.measure(case, seconds))
            except PipelineError as error:
                if subject in ours:
                    raise
                unavailable[subject.name] = str(error)
        if turn + 1 == FIRST_ROUNDS:
            behind = hopeless({one.name: runs[one.name] for one in others if one.name not in unavailable})
    rivals = {subject.name: runs[subject.name] for subject in others if subject.name not in unavailable}
    if not rivals:
        raise PipelineError(f"There is nothing to compare with: {'; '.join(unavailable.values())}")
    best = best_of({name: measured for name, measured in rivals.items() if name not in behind})
    return {
        "title": case.title,
        "task": case.task,
        "images": case.images_at_once,
        "operations_per_image": operations_per_image(case),
        "ours": {subject.name: runs[subject.name] for subject in ours},
        "others": rivals,
        "unavailable": unavailable,
        "behind": behind,
        "best": best,
        "ratios": {subject.name: ratios(runs[subject.name], rivals[best]) for subject in ours},
    }


def hopeless(rivals: Mapping[str, Sequence[Measurement]]) -> dict[str, float]:
    """Return who is too slow to become the best, and how many times as long as the fastest each takes.

    The shortest time counts, so that a subject stays that was slow once, while something else ran.

    Example:
        >>> hopeless({"fast": [{"seconds": 2.0}], "near": [{"seconds": 2.4}], "slow": [{"seconds": 3.0}]})
        {'slow': 1.5}
    """
    shortest = {name: min(run["seconds"] for run in runs) for name, runs in rivals.items()}
    times = {name: seconds / min(shortest.values()) for name, seconds in shortest.items()}
    return {name: longer for name, longer in times.items() if longer > HOPELESS}


def best_of(rivals: Mapping[str, Sequence[Measurement]]) -> str:
    """Return the name of the subject with the shortest median time."""
    return min(rivals, key=lambda name: median(run["seconds"] for run in rivals[name]))


def ratios(ours: Sequence[Measurement], theirs: Sequence[Measurement]) -> dict[str, Any]:
    """Return how many times as fast as theirs ours is, in each round and over all rounds.

    Example:
        >>> ratios([{"seconds": 2.0}, {"seconds": 4.0}], [{"seconds": 3.0}, {"seconds": 4.0}])
        {'pairs': [1.5, 1.0], 'median': 1.25, 'lowest': 1.0, 'highest': 1.5}
    """
    pairs = [their["seconds"] / our["seconds"] for our, their in zip(ours, theirs, strict=True)]
    return {"pairs": pairs, "median": median(pairs), "lowest": min(pairs), "highest": max(pairs)}
