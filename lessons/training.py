"""The page about training: its course and its result, overfitting, and distorted copies of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

import cnn
from cnn.history import Record, best_epoch
from cnn.types import Array
from lessons.kit import results
from lessons.kit.sheet import HEADING, NARROW, SMALL, Sheet
from lessons.kit.shown import Shown
from lessons.kit.small_trainings import TwoTrainings
from lessons.kit.subject import Subject
from lessons.kit.tables import plain
from lessons.kit.themes import Theme
from pipeline.common.datasets import title_of
from pipeline.common.images import Bytes
from pipeline.common.params import load_parameters
from pipeline.common.recipes import make_augmentation

COPIES = 8

History = list[Record]


def from_network(subject: Subject) -> Shown:
    """Return the course of the training, that of two small ones, and copies of the image that is followed."""
    history, pair = results.history(), subject.with_and_without_dropout
    kept = best_epoch(history, load_parameters().chosen.train.monitor)
    augmentation = make_augmentation(subject.figures.augmentation)
    return Shown(
        drawings={
            "training": partial(
                draw_training,
                subtitle=f"{subject.training}: the weights of epoch {kept} of {len(history)} were kept",
                history=history,
                kept=kept,
            ),
            "overfitting": partial(
                draw_overfitting,
                subtitle=f"{subject.image_set.title}: {pair.images:,} images, a small network",
                pair=pair,
            ),
            "augmentation": partial(
                draw_copies,
                title="One image, many images",
                subtitle=f"{subject.image_set.title}: test image {subject.digit}, and copies of it by "
                f"{type(augmentation).__name__}",
                pictures=distorted_copies(subject.image, augmentation, subject.figures.seed),
            ),
        }
    )


def from_repository() -> Shown:
    """Return which recipe was trained, and what the epoch that was kept reached."""
    parameters = load_parameters()
    return Shown(
        values={
            "recipe": parameters.recipe,
            "reached": reached(results.evaluation(), results.history(), parameters.chosen.train.monitor),
        }
    )


def draw_training(theme: Theme, width: int, subtitle: str, history: History, kept: int) -> Sheet:
    """Draw loss, accuracy and learning rate by epoch, and which epoch's weights were kept."""
    wide = width > NARROW
    columns, margin = (3, 50) if wide else (2, 58)
    side = width // columns - margin - 10
    tall, row = (170, 240) if wide else (104, 180)
    sheet = Sheet(
        width, HEADING + (row + 18 if wide else 2 * row), theme, "Training, epoch by epoch", subtitle
    )
    panels: tuple[tuple[str, int, dict[str, dict[str, Any]]], ...] = (
        ("loss", 1, {"loss": _training(theme), "validation_loss": _validation(theme)}),
        ("accuracy in %", 100, {"accuracy": _training(theme), "validation_accuracy": _validation(theme)}),
        ("learning rate", 1, {"learning_rate": {"color": theme.parameter, "marker": "D"}}),
    )
    epochs = [record["epoch"] for record in history]
    for number, (title, factor, lines) in enumerate(panels):
        x = margin + width // columns * (number % columns)
        y = HEADING + row * (number // columns)
        sheet.text(x, y + 12, title, weight="bold", room=width - x)
        axes = sheet.axes(x, y + 22, side, tall)
        axes.set_xlabel("epoch")
        for name, look in lines.items():
            values = [factor * record[name] for record in history]
            axes.plot(epochs, values, markevery=1 + len(epochs) // 20, clip_on=False, **look)
        axes.axvline(kept, color=theme.ink, linestyle=":")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
        if factor == 1:
            axes.set_ylim(bottom=0)
    names = ("training", "validation", "weights kept")
    looks = (_training(theme), _validation(theme), {"color": theme.ink, "linestyle": ":"})
    for number, (name, look) in enumerate(zip(names, looks, strict=True)):
        place = (margin + 130 * number, HEADING + row + 8)
        _legend(sheet, place if wide else (width // 2 + 10, HEADING + row + 40 + 26 * number), name, look)
    return sheet


def _training(theme: Theme) -> dict[str, Any]:
    """Return how what is measured on the training images is drawn."""
    return {"color": theme.quiet, "linestyle": "--", "marker": "o"}


def _validation(theme: Theme) -> dict[str, Any]:
    """Return how what is measured on the validation images is drawn."""
    return {"color": theme.output, "linestyle": "-", "marker": "s"}


def _legend(sheet: Sheet, place: tuple[int, int], name: str, look: Mapping[str, Any]) -> None:
    """Write what a line's look stands for; the place is its left end, at half its height."""
    x, y = place
    axes = sheet.axes(x, y - 6, 34, 12)
    axes.plot([0, 1, 2], [0, 0, 0], markevery=[1], clip_on=False, **look)
    axes.axis("off")
    sheet.text(x + 42, y, name, size=SMALL, vertical="center")


def reached(evaluation: Mapping[str, Any], history: History, monitor: str) -> dict[str, str]:
    """Return what the epoch that was kept reached on the validation images and on the test images."""
    kept = best_epoch(history, monitor)
    (validation,) = (record["validation_accuracy"] for record in history if record["epoch"] == kept)
    accuracy, images = evaluation["accuracy"], evaluation["images"]
    return {
        "epoch": str(kept),
        "epochs": str(len(history)),
        "validation_accuracy": f"{validation:.2%}",
        "test_accuracy": f"{accuracy:.2%}",
        "images": f"{images:,}",
        "dataset": plain(title_of(evaluation["dataset"])),
        "share_right": f"{accuracy:.4f}",
        "share_wrong": f"{1 - accuracy:.4f}",
        "standard_error": f"{math.sqrt(accuracy * (1 - accuracy) / images):.2%}",
    }


def draw_overfitting(theme: Theme, width: int, subtitle: str, pair: TwoTrainings) -> Sheet:
    """Draw training and validation loss by epoch, without dropout and with it."""
    wide = width > NARROW
    left, gap = (34, 30) if wide else (24, 26)
    side = (width - left - gap) // 2 - 6
    tall = 190 if wide else 130
    top = HEADING + 42 + tall + 60
    sheet = Sheet(width, top + 10, theme, "Few images, much time", subtitle)
    looks = {
        "training loss": ("loss", _training(theme) | {"marker": ""}),
        "validation loss": ("validation_loss", _validation(theme) | {"marker": ""}),
    }
    trainings = (("without dropout", pair.without), ("with dropout", pair.with_it))
    highest = max(record["validation_loss"] for _, one in trainings for record in one.history)
    for number, (name, trained) in enumerate(trainings):
        x = left + (side + gap) * number
        sheet.text(x, HEADING + 12, name, weight="bold", room=side)
        best = best_epoch(trained.history, "validation_loss")
        (lowest,) = (one["validation_loss"] for one in trained.history if one["epoch"] == best)
        sheet.text(x, HEADING + 32, f"▼ lowest: {lowest:.2f}", size=SMALL, colour=theme.output)
        axes = sheet.axes(x, HEADING + 42, side, tall)
        axes.set_xlabel("epoch")
        epochs = [record["epoch"] for record in trained.history]
        for key, look in looks.values():
            axes.plot(epochs, [record[key] for record in trained.history], linewidth=2, **look)
        axes.plot(best, lowest + 0.06 * highest, color=theme.output, marker="v", markersize=8)
        axes.set(ylim=(0, 1.05 * highest), xlim=(0, epochs[-1] + 0.5))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        if number:
            axes.tick_params(labelleft=False)
    for number, (name, (_, look)) in enumerate(looks.items()):
        _legend(sheet, (left + (side + gap) * number, top), name, look)
    return sheet


def distorted_copies(image: Bytes, augmentation: cnn.Augmentation, seed: int) -> Array:
    """Return an image as it is, followed by distorted copies of it, `[n, h, w]` or `[n, h, w, 3]`."""
    draws = np.random.default_rng(seed).random((1 + COPIES, augmentation.numbers))
    x = np.atleast_3d(image)[None].repeat(len(draws), axis=0).astype(np.float32)
    pictures: Array = augmentation(x, draws).reshape(len(draws), *image.shape)
    pictures[0] = image
    return pictures


def draw_copies(theme: Theme, width: int, title: str, subtitle: str, pictures: Array) -> Sheet:
    """Draw an image, `[h, w]` or `[h, w, 3]`, and beside and below it distorted copies, half as large."""
    columns, gap = (6, 8) if width > NARROW else (4, 6)
    pitch = (width + gap) // columns
    places = [(row, column) for row in range(COPIES) for column in range(columns) if row > 1 or column > 1]
    rows = places[COPIES - 1][0] + 1
    sheet = Sheet(width, HEADING + rows * pitch + 36, theme, title, subtitle)
    sheet.image(0, HEADING, pictures[0], 2 * pitch - gap)
    for picture, (row, column) in zip(pictures[1:], places, strict=False):
        sheet.image(pitch * column, HEADING + pitch * row, picture, pitch - gap)
    sheet.scale_of_image(0, HEADING + rows * pitch + 4, pictures[0])
    return sheet
