"""The figures of images: distorted, and where the network looks."""

from __future__ import annotations

import numpy as np

import cnn
from cnn.parallel import one_blas_thread
from cnn.types import Array
from lessons.kit.sheet import HEADING, LINE, PIXELS, SMALL, WIDTH, Sheet, scaled
from lessons.kit.subject import Subject
from lessons.kit.themes import Theme


def saliency(model: cnn.Sequential, x: Array, unit: int) -> Array:
    """Return the gradient of one of the model's outputs with respect to the image `[1, h, w, c]`."""
    with one_blas_thread():
        y, caches = model.forward_pass(x)
        dy = np.zeros_like(y)
        dy[:, unit] = 1
        dx, _ = model.backward_pass(dy, caches)
    return dx


def draw_saliency(theme: Theme, subject: Subject) -> Sheet:
    """Draw an image and what more brightness at each pixel would do to the logit of the answer."""
    size = 160
    answer = int(subject.logits.argmax())
    gradient = saliency(subject.model, subject.x, answer)[0, :, :, 0]
    title = f"What speaks for {subject.dataset.class_names[answer]}, pixel by pixel"
    sheet = Sheet(HEADING + 2 * LINE + size + 66, theme, title, subject.training)
    top, right = HEADING + 22, WIDTH - size - 8
    sheet.text(0, HEADING + 12, f"test image {subject.digit}")
    sheet.text(right, HEADING + 12, "gradient of its logit")
    sheet.picture(0, top, subject.image / 255, theme.activation, size)
    sheet.picture(right, top, scaled(gradient), theme.gradient, size)
    largest = f"{np.abs(gradient).max():.2f}"
    sheet.scale(0, top + size + 8, theme.activation, PIXELS)
    sheet.scale(right, top + size + 8, theme.gradient, (f"−{largest}", "0", largest))
    note = "more light here: the logit rises (colour) or falls (grey)"
    sheet.text(0, top + size + 50, note, size=SMALL, colour=theme.quiet)
    return sheet
