"""The log-likelihood of missing pixels under completions: the number for all conditionals p(x_S | rest)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from adversarial.errors import DataError
from adversarial.likelihood.cross_validation import WidthChoice, grid
from adversarial.likelihood.parzen import Estimate, check_widths, estimate
from adversarial.progress import counting

#: Takes images and masks, each of shape (images, pixels); gives completions of shape (images, count, pixels).
Completer = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Images that are completed at a time.
BLOCK = 100


@dataclass(frozen=True)
class MissingPixelsResult:
    """The log-likelihood of missing pixels, and how it came to be.

    Attributes
    ----------
    choice : WidthChoice
        Mean log-likelihoods of the validation images by width.
    test : Estimate
        Mean over the test images and its standard error, in nats an image, at the width chosen.
    missing : float
        Pixels that are missing of a test image, in the mean.
    counts : dict
        Numbers of 'completions' of an image, 'valid' and 'test' images.
    """

    choice: WidthChoice
    test: Estimate
    missing: float
    counts: dict[str, int]

    def __str__(self) -> str:
        edge = f", the {self.choice.edge} edge of the grid: a better width may be beyond" if self.choice.edge else ""
        return (
            f"{self.test.mean:.1f} ± {self.test.standard_error:.1f} nats for {self.missing:.0f} missing pixels "
            f"(sigma {self.choice.sigma:.3f}{edge})"
        )


def missing_pixels_log_likelihood(
    complete: Completer,
    valid: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    widths: np.ndarray | None = None,
    progress: bool = False,
) -> MissingPixelsResult:
    """Estimate how likely missing pixels are under a Parzen window of each image's own completions.

    Parameters
    ----------
    complete : callable
        Completes images: takes images and masks, each of shape (images, pixels), and returns completions of shape
        (images, count, pixels).
    valid : tuple of two arrays of shape (images, pixels)
        The images on which the width is chosen, and their masks: 1 where a pixel is visible, 0 where it is missing.
    test : tuple of two arrays of shape (images, pixels)
        The images that are scored, and their masks.
    widths : array, optional
        Widths of the Gaussians to choose from, in the unit of the images; the default is 2014's ten.
    progress : bool, optional
        Show progress on standard error.

    Returns
    -------
    MissingPixelsResult
        The figure. Print it for a line.

    Raises
    ------
    DataError
        If images and masks differ in shape, or nothing is missing of an image.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> images, masks = rng.normal(size=(200, 2)), np.tile([[1.0, 0.0]], (200, 1))
    >>> def by_the_truth(rows, masks):
    ...     return np.where(masks[:, None] > 0, rows[:, None], rng.normal(size=(len(rows), 500, rows.shape[1])))
    >>> found = missing_pixels_log_likelihood(by_the_truth, (images[:100], masks[:100]), (images[100:], masks[100:]))
    >>> abs(found.test.mean - -1.42) < .2  # minus the entropy of a standard normal is -1.42
    True
    """
    sigmas = grid() if widths is None else check_widths(sorted(widths))
    by_width, count = _log_likelihoods(complete, *valid, sigmas, progress, "choosing the width")
    choice = WidthChoice(sigmas, [estimate(each) for each in by_width])
    scored, _ = _log_likelihoods(complete, *test, np.array([choice.sigma]), progress, "scoring test images")
    counts = {"completions": count, "valid": len(valid[0]), "test": len(test[0])}
    return MissingPixelsResult(choice, estimate(scored[0]), float(np.mean(np.sum(test[1] == 0, axis=1))), counts)


def _log_likelihoods(
    complete: Completer, images: np.ndarray, masks: np.ndarray, sigmas: np.ndarray, progress: bool, what: str
) -> tuple[np.ndarray, int]:
    """Return log-likelihoods of shape (widths, images), and how many completions an image has."""
    if images.ndim != 2 or images.shape != masks.shape:
        raise DataError(f"images have shape {images.shape} and masks {masks.shape}, but both must be (images, pixels)")
    missing = np.sum(masks == 0, axis=1)
    if not missing.all():
        raise DataError(f"nothing is missing of image {np.flatnonzero(missing == 0)[0]}: its mask has no 0")
    found = np.empty((len(sigmas), len(images)))
    count = 0
    with counting(what, len(images), not progress) as done:
        for start in range(0, len(images), BLOCK):
            rows = slice(start, start + BLOCK)
            made = complete(images[rows], masks[rows])
            count = made.shape[1]
            apart = np.where(masks[rows, None] == 0, made - images[rows, None].astype(np.float64), 0.0)
            squared = np.square(apart).sum(axis=2)
            for number, sigma in enumerate(sigmas):
                kernels = logsumexp(-squared / (2 * sigma**2), axis=1) - np.log(count)
                found[number, rows] = kernels - 0.5 * missing[rows] * np.log(2 * np.pi * sigma**2)
            done(len(squared))
    return found, count


def nearest_by_visible(examples: np.ndarray, count: int) -> Completer:
    """Return a completer that takes missing pixels from the examples nearest to what is visible.

    It is the yardstick of a completing generator: it knows all training images, and learns nothing.

    Parameters
    ----------
    examples : array of shape (examples, pixels)
        Such as the training images.
    count : int
        Examples that complete an image; with nothing visible, all examples are equally near, and the first are taken.

    Returns
    -------
    callable
        As `missing_pixels_log_likelihood` takes it.

    Raises
    ------
    DataError
        If there are fewer examples than `count`.

    Examples
    --------
    >>> complete = nearest_by_visible(np.array([[0.0, 5.0], [1.0, 7.0]]), 1)
    >>> complete(np.array([[0.9, 0.0]]), np.array([[1.0, 0.0]]))
    array([[[0.9, 7. ]]])
    """
    if not 1 <= count <= len(examples):
        raise DataError(f"{count} nearest examples are asked for, but there are {len(examples)}")
    squares = np.square(examples)

    def complete(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        visible = (masks > 0).astype(examples.dtype)
        # |m (x - e)|^2 without the term of x alone, which is the same for all examples.
        distances = visible @ squares.T - 2 * (visible * images) @ examples.T
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return np.where(visible[:, None] > 0, images[:, None], examples[nearest])

    return complete
