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
from lessons.kit.sheet import HEADING, LINE, SMALL, Sheet
from lessons.kit.shown import Shown
from lessons.kit.small_trainings import TwoTrainings
from lessons.kit.subject import Subject
from lessons.kit.tables import plain
from lessons.kit.themes import Theme
from pipeline.common.datasets import title_of
from pipeline.common.images import Bytes
from pipeline.common.params import load_parameters
from pipeline.common.recipes import make_augmentation

COLUMNS, ROWS = 4, 2  # of the distorted copies

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
                title=f"An image and copies by {type(augmentation).__name__}",
                subtitle=f"{subject.image_set.title}: test image {subject.digit}",
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
    sheet = Sheet(width, HEADING + 312, theme, "Training, epoch by epoch", subtitle)
    training = {"color": theme.quiet, "linestyle": "--", "marker": "o", "label": "training"}
    validation = {"color": theme.output, "marker": "s", "label": "validation"}
    rate = {"color": theme.parameter, "marker": "D"}
    panels: tuple[tuple[str, str, int, dict[str, dict[str, Any]]], ...] = (
        ("loss", "epoch", 1, {"loss": training, "validation_loss": validation}),
        ("accuracy in %", "epoch", 100, {"accuracy": training, "validation_accuracy": validation}),
        ("learning rate × 1,000", "epoch, at its start", 1000, {"learning_rate": rate}),
    )
    epochs = [record["epoch"] for record in history]
    for number, (title, label, factor, lines) in enumerate(panels):
        axes = sheet.axes(34 + 174 * (number % 2), HEADING + 16 + 166 * (number // 2), 130, 94)
        axes.set_title(title)
        axes.set_xlabel(label)
        for name, look in lines.items():
            values = [factor * record[name] for record in history]
            axes.plot(epochs, values, markevery=1 + len(epochs) // 20, clip_on=False, **look)
        axes.axvline(kept, color=theme.ink, linestyle=":", label="weights kept")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.6g}")
        if "accuracy" not in lines:
            axes.set_ylim(bottom=0)
        if number == 0:
            axes.legend(loc="upper left", bbox_to_anchor=(174 / 130, 1 - 166 / 94))
    return sheet


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
    """Draw training and validation loss by epoch, with dropout and without."""
    sheet = Sheet(width, HEADING + 200, theme, "Few images, much time", subtitle)
    trainings = (("without dropout", pair.without), ("with dropout", pair.with_it))
    highest = max(record["validation_loss"] for _, one in trainings for record in one.history)
    for number, (name, trained) in enumerate(trainings):
        axes = sheet.axes(28 + 166 * number, HEADING + 16, 146, 116)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        epochs = [record["epoch"] for record in trained.history]
        losses, validation = (
            [record[key] for record in trained.history] for key in ("loss", "validation_loss")
        )
        axes.plot(epochs, losses, color=theme.quiet, linestyle="--", label="training loss")
        axes.plot(epochs, validation, color=theme.output, label="validation loss")
        axes.set_ylim(0, 1.05 * highest)
        if number:
            axes.tick_params(labelleft=False)
        else:
            axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.32), ncols=2)
    return sheet


def distorted_copies(image: Bytes, augmentation: cnn.Augmentation, seed: int) -> Array:
    """Return an image as it is, followed by distorted copies of it, `[n, h, w]` or `[n, h, w, 3]`."""
    draws = np.random.default_rng(seed).random((COLUMNS * ROWS, augmentation.numbers))
    x = np.atleast_3d(image)[None].repeat(len(draws), axis=0).astype(np.float32)
    pictures: Array = augmentation(x, draws).reshape(len(draws), *image.shape)
    pictures[0] = image
    return pictures


def draw_copies(theme: Theme, width: int, title: str, subtitle: str, pictures: Array) -> Sheet:
    """Draw an image and distorted copies of it, `[n, h, w]` or `[n, h, w, 3]`."""
    size, pitch = 79, 87
    height = size + LINE + 10
    sheet = Sheet(width, HEADING + ROWS * height + 30, theme, title, subtitle)
    for number, picture in enumerate(pictures):
        x, y = pitch * (number % COLUMNS), HEADING + height * (number // COLUMNS)
        sheet.image(x, y, picture, size)
        name = f"copy {number}" if number else "as it is"
        sheet.text(x, y + size + 8, name, size=SMALL, colour=theme.quiet)
    sheet.scale_of_image(0, HEADING + ROWS * height, pictures[0])
    return sheet
