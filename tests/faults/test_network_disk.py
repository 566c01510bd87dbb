"""What earlier runs left on disk, and what a mirror's file would do to memory and disk."""

import gzip
import shutil
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.common.datasets import IdxFile
from pipeline.common.errors import PipelineError
from pipeline.fetch import fetch
from tests.faults.counting import Tried
from tests.faults.network import FAULTS
from tests.faults.tables import faults
from tests.faults.test_network_addresses import ADDRESSES
from tests.pipeline.faulty_server import serving
from tests.pipeline.tiny_data import CONTENTS, TINY, assert_holds, fill

FILES = list(CONTENTS)
DISK = ["damaged-file", "remains-of-a-killed-run", "large-bomb"]


def test_the_table_names_what_the_tests_inject() -> None:
    assert faults("network") == [*FAULTS, *ADDRESSES, *DISK]


def flip_a_bit(folder: Path) -> None:
    content = CONTENTS[FILES[1]]
    (folder / FILES[1]).write_bytes(bytes([content[0] ^ 1]) + content[1:])


def cut(folder: Path) -> None:
    (folder / FILES[0]).write_bytes(CONTENTS[FILES[0]][:-1])


def remove(folder: Path) -> None:
    (folder / FILES[3]).unlink()


def put_a_folder_in_the_place_of_a_file(folder: Path) -> None:
    (folder / FILES[2]).unlink()
    (folder / FILES[2]).mkdir()


def remove_the_provenance(folder: Path) -> None:
    (folder / "provenance.json").unlink()


def change_the_provenance(folder: Path) -> None:
    (folder / "provenance.json").write_text("{}")


@pytest.mark.parametrize(
    ("damage", "asked"),
    [
        (flip_a_bit, [FILES[1]]),
        (cut, [FILES[0]]),
        (remove, [FILES[3]]),
        (put_a_folder_in_the_place_of_a_file, [FILES[2]]),
        (remove_the_provenance, []),
        (change_the_provenance, []),
        (shutil.rmtree, FILES),
    ],
)
def test_only_what_is_not_right_is_fetched_again(
    tmp_path: Path, tried: Tried, damage: Callable[[Path], object], asked: list[str]
) -> None:
    destination = tmp_path / "raw" / "tiny"
    fetch(TINY, destination, [fill(tmp_path / "mirror")], "none")
    damage(destination)

    with serving() as server:
        fetch(TINY, destination, [server.url("good")], "none")

    assert server.asked == asked
    assert_holds(destination, TINY)
    tried("network", "damaged-file")


def test_damaged_files_do_not_stay_when_no_mirror_has_the_right_ones(tmp_path: Path, tried: Tried) -> None:
    destination = tmp_path / "raw" / "tiny"
    mirror = fill(tmp_path / "mirror")
    fetch(TINY, destination, [mirror], "none")
    flip_a_bit(destination)
    cut(destination)
    for name in FILES[:2]:
        (mirror / f"{name}.gz").write_bytes(gzip.compress(CONTENTS[FILES[2]]))

    with pytest.raises(PipelineError, match=rf"{mirror}: {FILES[0]}: "):
        fetch(TINY, destination, [mirror], "none")

    waiting = {path: path.read_bytes() for path in tmp_path.glob("raw/*/*")}
    assert waiting == {tmp_path / "raw" / ".tiny.partial" / name: CONTENTS[name] for name in FILES[2:]}
    tried("network", "damaged-file", 2)


def test_the_remains_of_a_killed_run_are_not_trusted(tmp_path: Path, tried: Tried) -> None:
    remains = tmp_path / "raw" / ".tiny.partial"
    remains.mkdir(parents=True)
    (remains / FILES[0]).write_bytes(CONTENTS[FILES[0]])
    (remains / FILES[1]).write_bytes(CONTENTS[FILES[2]])
    (remains / f"{FILES[0]}.part").write_bytes(CONTENTS[FILES[0]])

    with serving() as server:
        fetch(TINY, tmp_path / "raw" / "tiny", [server.url("good")], "none")

    assert server.asked == FILES[1:]
    assert_holds(tmp_path / "raw" / "tiny", TINY)
    tried("network", "remains-of-a-killed-run", 2)


def test_a_bomb_in_place_of_a_large_file_takes_little_memory(tmp_path: Path, tried: Tried) -> None:
    """The file has the size of MNIST's training images; the bomb unpacks to 256 MB."""
    size = 47_040_016
    first, *others = TINY.files
    dataset = replace(
        TINY, files={first: IdxFile(FILES[0], size, 64 * "0")} | {k: TINY.files[k] for k in others}
    )
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(2**8)) + packer.flush()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / f"{FILES[0]}.gz").write_bytes(bomb)

    tracemalloc.start()
    with pytest.raises(PipelineError, match=rf"too long \(more than {size} bytes\)"):
        fetch(dataset, tmp_path / "raw" / "tiny", [tmp_path / "mirror"], "none")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(bomb) < 2**19
    assert peak < 2**22
    assert list((tmp_path / "raw").iterdir()) == []
    tried("network", "large-bomb")
