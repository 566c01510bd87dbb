"""The benchmarks, with cnn on both sides: the measurements, their ratios, and the page that shows them."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.__main__ import main
from benchmarks.cases import SMALL_NETWORK, Case, all_cases, operations_per_image
from benchmarks.compare import best_of, compare, ratios
from benchmarks.page import AIMS, PAGE, PORTABLE_AIM, RESULTS, figures, page, read_results, short
from benchmarks.process import NATIVE, PORTABLE, PYTORCH, Measurement, Subject
from benchmarks.run import Plan, run
from pipeline.common.errors import PipelineError
from pipeline.common.kernels import core_type
from pipeline.common.params import load_parameters

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the benchmarks are for Linux and macOS")
ROOT = Path(__file__).parents[2]
LAYERS: list[dict[str, Any]] = [
    {"layer": "Conv2D", "filters": 2, "kernel_size": 5},
    {"layer": "ReLU"},
    {"layer": "MaxPool2D", "pool_size": 4},
    {"layer": "Dropout", "rate": 0.1},
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 10},
]
AGAIN = Subject("cnn (once more)", NATIVE.module, NATIVE.setting)
ABSENT = Subject("absent", "benchmarks.absent", {})


class PacedSubject(Subject):
    """A subject that takes as long as it is told, round by round."""

    def measure(self, case: Case, seconds: float, threads: int = 2) -> Measurement:
        return {"seconds": self.setting["times"].pop(0)}


def paced(name: str, *times: float) -> Subject:
    return PacedSubject(name, "", {"times": list(times)})


def tiny(name: str, task: Any, images: int) -> Case:
    return Case(
        name=name,
        title=f"Tiny {name}",
        task=task,
        layers=LAYERS,
        optimiser={"optimiser": "Adam", "learning_rate": {"schedule": "OneCycle", "peak": 0.001}},
        loss={"loss": "SoftmaxCrossEntropy"},
        images=images,
        batch_size=8,
        micro_batch_size=4,
    )


TRAIN = tiny("train", "train", 32)
PREDICT = tiny("predict", "predict", 40)
LATENCY = tiny("one", "latency", 1)


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def results(told: list[str]) -> dict[str, Any]:
    sizes = {"images": (10,), "batch_size": (8,), "workers": (1,)}
    plan = Plan([TRAIN, LATENCY], (NATIVE, PORTABLE), (AGAIN,), rounds=2, seconds=0.01, sizes=sizes)
    return dict(json.loads(json.dumps(run(plan, told.append))))  # as it comes out of the file


@pytest.mark.slow
def test_every_subject_is_measured_in_every_round(results: dict[str, Any]) -> None:
    assert list(results["cases"]) == ["train", "one"]
    for case in results["cases"].values():
        assert list(case["ours"]) == [NATIVE.name, PORTABLE.name]
        assert list(case["others"]) == [AGAIN.name]
        for runs in (case["ours"] | case["others"]).values():
            assert len(runs) == 2
            for measured in runs:
                assert 0 < measured["seconds"] <= measured["seconds_99"]
                assert measured["steps"] >= 1
                assert measured["memory"] >= measured["memory_before"] > 1_000_000


@pytest.mark.slow
def test_subjects_take_turns_in_an_order_that_moves_on(results: dict[str, Any], told: list[str]) -> None:
    turns = [what.removeprefix("train, ") for what in told if what.startswith("train, ")]
    assert turns == [
        "speed of matrix products",
        f"{NATIVE.name}, round 1 of 2",
        f"{PORTABLE.name}, round 1 of 2",
        f"{AGAIN.name}, round 1 of 2",
        f"{PORTABLE.name}, round 2 of 2",
        f"{AGAIN.name}, round 2 of 2",
        f"{NATIVE.name}, round 2 of 2",
        "layer by layer",
        "images 10",
        "batch_size 8",
        "workers 1",
    ]


@pytest.mark.slow
def test_each_process_computes_with_its_own_kernels(results: dict[str, Any]) -> None:
    for subject in (NATIVE, PORTABLE):
        expected = core_type(subject.setting["kernels"])
        for measured in results["cases"]["train"]["ours"][subject.name]:
            assert expected in {None, measured["kernels"]}


@pytest.mark.slow
def test_ratios_are_formed_round_by_round(results: dict[str, Any]) -> None:
    for case in results["cases"].values():
        assert case["best"] == AGAIN.name
        for name, found in case["ratios"].items():
            pairs = [
                their["seconds"] / our["seconds"]
                for our, their in zip(case["ours"][name], case["others"][AGAIN.name], strict=True)
            ]
            assert found["pairs"] == pairs
            assert (found["lowest"], found["median"], found["highest"]) == (
                min(pairs), median(pairs), max(pairs),
            )  # fmt: skip


def test_best_is_the_one_with_the_shortest_median() -> None:
    rivals = {"steady": [{"seconds": 2.0}] * 3, "lucky once": [{"seconds": 1.0}, *[{"seconds": 3.0}] * 2]}
    assert best_of(rivals) == "steady"
    assert ratios([{"seconds": 4.0}] * 3, rivals["lucky once"])["pairs"] == [0.25, 0.75, 0.75]


@pytest.mark.slow
def test_page_shows_what_was_measured(results: dict[str, Any]) -> None:
    text = page(results)
    for case in results["cases"].values():
        assert f"### {case['title']}" in text
        factor = 1e6 if case["task"] == "latency" else 1e3
        for name, runs in (case["ours"] | case["others"]).items():
            assert f"| {name} | {short(factor * median(run['seconds'] for run in runs))} |" in text
        for name, found in case["ratios"].items():
            first, second = found["pairs"]
            assert (
                f"- {name} is {found['median']:.2f} times as fast as {AGAIN.name}, and faster in "
                f"{(first > 1) + (second > 1)} of 2 rounds: {first:.2f}, {second:.2f}.\n"
            ) in text
    for layer, expected in zip(results["profile"]["layers"], LAYERS, strict=True):
        assert layer["layer"] == expected["layer"]
        assert f"| {1e6 * layer['forward_seconds']:.1f} |" in text
    for line in [line for lines in results["scaling"].values() for line in lines]:
        assert f"| {line['size']} | {short(1e3 * line['seconds'])} |" in text
    drawn = figures(results)
    assert f"]({PAGE.stem}.svg)" in text
    assert figures(results) == drawn


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "verdict"), [(1.0, "1.30: reached"), (1.25, "1.30: missed by 0.06")])
def test_page_judges_by_the_aims(results: dict[str, Any], ours: float, verdict: str) -> None:
    assert AIMS == {"train": 1.3, "predict": 1.3, "latency": 1.0}
    assert PORTABLE_AIM == 0.65
    case = dict(results["cases"]["train"])
    case["ours"] = {
        NATIVE.name: [{**run, "seconds": ours} for run in case["ours"][NATIVE.name]],
        PORTABLE.name: [{**run, "seconds": 2 * ours} for run in case["ours"][PORTABLE.name]],
    }
    others = [{**run, "seconds": 1.55} for run in case["others"][AGAIN.name]]
    case["ratios"] = {name: ratios(runs, others) for name, runs in case["ours"].items()}
    [line] = [line for line in page(results | {"cases": {"train": case}}).splitlines() if "| 0.50 |" in line]
    assert f" | {verdict} | " in line
    assert line.endswith(" | 0.50 | 0.65: missed by 0.15 |")


def test_what_cannot_be_the_best_is_left_out_after_two_rounds() -> None:
    rivals = (paced("slow", 3.0, 2.6), paced("slow once", 9.0, 2.4, 2.4), paced("fast", 2.0, 2.1, 9.0))
    ours = (paced("ours", 1.0, 1.0, 1.0),)
    found = compare(TRAIN, ours, rivals, rounds=3, seconds=0.01, tell=lambda _: None)
    assert {name: len(runs) for name, runs in found["others"].items()} == {
        "slow": 2, "slow once": 3, "fast": 3,
    }  # fmt: skip
    assert found["behind"] == {"slow": 1.3}
    assert found["best"] == "fast"


def test_work_counts_matrix_products_and_no_gradient_of_the_images() -> None:
    convolution, dense = 24 * 24 * 2 * 25, 6 * 6 * 2 * 10
    assert operations_per_image(PREDICT) == 2 * (convolution + dense)
    assert operations_per_image(TRAIN) == 2 * (2 * convolution + 3 * dense)


def test_a_rival_that_fails_is_left_out_with_the_reason() -> None:
    ours, rivals = (paced("ours", 1.0),), (ABSENT, paced("rival", 1.0))
    found = compare(TRAIN, ours, rivals, rounds=1, seconds=0.01, tell=lambda _: None)
    assert list(found["others"]) == ["rival"]
    assert list(found["unavailable"]) == [ABSENT.name]
    assert found["unavailable"][ABSENT.name].endswith("No module named benchmarks.absent")


@pytest.mark.parametrize("absent_side", ["ours", "others"])
def test_a_comparison_without_one_of_its_sides_is_an_error(absent_side: str) -> None:
    sides = {"ours": paced("ours", 1.0), "others": paced("rival", 1.0)} | {absent_side: ABSENT}
    with pytest.raises(PipelineError, match=r"No module named benchmarks\.absent"):
        compare(TRAIN, (sides["ours"],), (sides["others"],), rounds=1, seconds=0.01, tell=lambda _: None)


def test_cases_are_those_of_the_recipes() -> None:
    parameters = load_parameters(ROOT / "params.yaml")
    seed, small, fast, predict, latency = all_cases(parameters)
    assert seed.layers == predict.layers == latency.layers == parameters.recipes["seed"].model
    assert fast.layers == parameters.recipes["fast"].model
    assert fast.batch_size == parameters.recipes["fast"].train.batch_size
    assert small.layers == SMALL_NETWORK
    assert [case.task for case in (seed, small, fast, predict, latency)] == [
        "train", "train", "train", "predict", "latency",
    ]  # fmt: skip
    assert (predict.images, latency.images) == (10_000, 1)
    assert (seed.micro_batch_size, small.micro_batch_size) == (32, 64)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--cases", "train-seeds"], "There is no case 'train-seeds': there are train-seed, "),
        (["--rounds", "0"], "--rounds must be 1 or more, and --seconds more than 0."),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: list[str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(PipelineError, match=f"^{reason}"):
        main()


# A shell that starts the tests in the background has its children ignore Ctrl-C.
HEEDING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "benchmarks", "--seconds", "600"])
"""


def test_ctrl_c_ends_in_one_sentence_and_writes_nothing() -> None:
    before = (ROOT / RESULTS).read_bytes()
    command = [sys.executable, "-c", HEEDING_CTRL_C]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == "train-seed, speed of matrix products\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "\nstopped.\n"
    assert process.returncode == 130
    assert (ROOT / RESULTS).read_bytes() == before


def test_committed_page_is_that_of_the_committed_results() -> None:
    committed = read_results(ROOT / RESULTS)
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page(committed), "run python -m benchmarks.page"
    for path, content in figures(committed).items():
        assert (ROOT / path).read_bytes() == content, "run python -m benchmarks.page"
    cases = all_cases(load_parameters(ROOT / "params.yaml"))
    assert list(committed["cases"]) == [case.name for case in cases]
    for case in committed["cases"].values():
        assert len(next(iter(case["ours"].values()))) >= 5
        assert set(case["others"]) | set(case["unavailable"]) == {subject.name for subject in PYTORCH}
