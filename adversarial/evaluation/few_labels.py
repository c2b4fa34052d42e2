"""Few labels: how well a simple classifier does on features of a trained network when few examples have labels.

The paper names it as an extension (section 7): features of the discriminator could help classifiers when little
labelled data is available.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import minimize

from adversarial.datasets.few_labelled import balanced_draw

Classifier = Literal["softmax", "1nn"]

#: Numbers of labels, draws and the least of each class, as in Kingma et al. (2014).
LABELS = (100, 600, 1000, 3000)
DRAWS = 10


class Labelled(NamedTuple):
    """Examples, a row each, and their classes, from 0."""

    rows: np.ndarray
    classes: np.ndarray


@dataclass
class FewLabelsResult:
    """Test errors of a classifier on some features.

    Attributes
    ----------
    features : str
        What the classifier reads.
    classifier : {'softmax', '1nn'}
        Which classifier.
    labels : int
        Number of labelled examples.
    errors : array of shape (draws,)
        Test error of each draw, in per cent.
    """

    features: str
    classifier: Classifier
    labels: int
    errors: np.ndarray

    @property
    def mean(self) -> float:
        """Mean over the draws, in per cent."""
        return float(self.errors.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation over the draws, in per cent; 0 of one draw."""
        return float(self.errors.std(ddof=1)) if len(self.errors) > 1 else 0.0

    def __str__(self) -> str:
        return f"{self.features:24} {self.classifier:8} {self.labels:6,} {self.mean:7.2f} ± {self.deviation:.2f}"


def softmax_regression(train: Labelled, rows: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Classify rows by softmax regression, fitted by L-BFGS.

    Parameters
    ----------
    train : Labelled
        What it is fitted to.
    rows : array of shape (count, features)
        What is classified.
    penalty : float, optional
        Factor on half the squared norm of the weights, against the cross-entropy summed over examples.

    Returns
    -------
    array of int, shape (count,)
        The classes.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> softmax_regression(Labelled(rows, np.array([0, 1])), rows).tolist()
    [0, 1]
    """
    X = np.hstack([np.asarray(train.rows, dtype=np.float64), np.ones((len(train.rows), 1))])
    kinds = int(train.classes.max()) + 1
    targets = np.eye(kinds)[train.classes]

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        W = flat.reshape(X.shape[1], kinds)
        scores = X @ W
        scores -= scores.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(scores).sum(axis=1, keepdims=True))
        weights = np.vstack([W[:-1], np.zeros((1, kinds))])
        gradient = X.T @ (np.exp(scores - log_sums) - targets) + penalty * weights
        loss = -np.sum(targets * (scores - log_sums)) + 0.5 * penalty * np.sum(weights**2)
        return float(loss), gradient.ravel()

    found = minimize(objective, np.zeros(X.shape[1] * kinds), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    W = found.x.reshape(X.shape[1], kinds)
    return np.argmax(rows @ W[:-1] + W[-1], axis=1)


def nearest_neighbour(train: Labelled, rows: np.ndarray) -> np.ndarray:
    """Give each row the class of the nearest example.

    Parameters
    ----------
    train : Labelled
        The examples.
    rows : array of shape (count, features)
        What is classified.

    Returns
    -------
    array of int, shape (count,)
        The classes.

    Examples
    --------
    >>> train = Labelled(np.array([[0.0], [5.0]]), np.array([7, 8]))
    >>> nearest_neighbour(train, np.array([[1.0], [4.0]])).tolist()
    [7, 8]
    """
    halves = 0.5 * np.sum(np.square(train.rows, dtype=np.float64), axis=1)
    parts = (rows[start : start + 1000] for start in range(0, len(rows), 1000))
    return np.concatenate([train.classes[np.argmin(halves - part @ train.rows.T, axis=1)] for part in parts])


_CLASSIFIERS: dict[Classifier, Callable[[Labelled, np.ndarray], np.ndarray]] = {
    "softmax": softmax_regression,
    "1nn": nearest_neighbour,
}


def few_labels(
    train: Mapping[str, np.ndarray],
    test: Mapping[str, np.ndarray],
    train_classes: np.ndarray,
    test_classes: np.ndarray,
    *,
    labels: Sequence[int] = LABELS,
    draws: int = DRAWS,
    classifiers: Iterable[Classifier] = ("softmax", "1nn"),
    seed: int = 0,
) -> Iterator[FewLabelsResult]:
    """Measure the test error of classifiers that see few labels, for several kinds of features.

    All kinds of features, and both classifiers, see the same examples. Features are divided by their root mean square
    over all training examples, which needs no labels, so that one penalty suits all.

    Parameters
    ----------
    train, test : mapping of str to array
        Features by name, (examples, features).
    train_classes, test_classes : array of int
        The class of each example.
    labels : sequence of int, optional
        Numbers of labelled examples, each a multiple of the number of classes.
    draws : int, optional
        Draws of each number.
    classifiers : iterable of {'softmax', '1nn'}, optional
        Which classifiers.
    seed : int, optional
        Of the draws.

    Yields
    ------
    FewLabelsResult
        For each number of labels, kind of features and classifier.
    """
    scales = {name: 1.0 / max(float(np.sqrt(np.mean(np.square(rows)))), 1e-12) for name, rows in train.items()}
    for count in labels:
        chosen = [balanced_draw(train_classes, count, np.random.default_rng([seed, count, i])) for i in range(draws)]
        for name, rows in train.items():
            drawn = [Labelled(rows[few] * scales[name], train_classes[few]) for few in chosen]
            asked = test[name] * scales[name]
            for classifier in classifiers:
                errors = [100.0 * np.mean(_CLASSIFIERS[classifier](each, asked) != test_classes) for each in drawn]
                yield FewLabelsResult(name, classifier, count, np.array(errors))
