"""What a log-likelihood does not say of samples: how near they are to training images, and which classes they are of.

The estimate rewards smooth samples, so these are put beside it, with what training images in place of samples score.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.evaluation.asked_class import class_outputs
from adversarial.figures.neighbours import nearest_rows
from adversarial.likelihood.parzen import Estimate
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.models.softmax import Softmax

#: Samples, and test images, of which the nearest training image is searched: the first ones.
NEAREST_OF = 1_000
#: A classifier of a larger test error says little of samples.
MOST_ERROR = 0.02


@dataclass(frozen=True)
class Labels:
    """The labels that a classifier gives.

    Attributes
    ----------
    entropy : float
        Of the shares of the labels, in nats: 0 where all are one class, log(classes) where all classes are as many.
    confidence : float
        Mean of the classifier's largest probability.
    """

    entropy: float
    confidence: float


@dataclass(frozen=True)
class Classifier:
    """A trained classifier, and what it says of test images.

    Attributes
    ----------
    model : MLP
        Its last layer is a Softmax.
    name : str
        What to call it.
    test_error : float
        Share of test images that it puts in a wrong class.
    on_test : Labels
        What it says of them.
    """

    model: MLP
    name: str
    test_error: float
    on_test: Labels

    @classmethod
    def measured(cls, model: Model, name: str, rows: np.ndarray, classes: np.ndarray) -> Classifier:
        """Return a classifier with its error on test images and their classes."""
        if not isinstance(model, MLP) or not isinstance(model.layers[-1], Softmax):
            raise CheckpointError(f"{name} is no classifier with probabilities: it must be an MLP that ends in Softmax")
        probabilities = class_outputs(model, rows)
        error = float(np.mean(probabilities.argmax(axis=1) != classes))
        return cls(model, name, error, labels_of(probabilities))


@dataclass(frozen=True)
class Guards:
    """What stands beside a log-likelihood.

    Attributes
    ----------
    samples : int
        Number of samples that were scored.
    anchor : Estimate
        The log-likelihood with as many training images in place of samples.
    anchor_samples : int
        How many they are.
    nearest : float
        Euclidean distance of a sample to the nearest training image, the median of the first 1,000.
    nearest_of_test : float
        The same of test images.
    labels : Labels or None
        What the classifier says of the samples, if there is one.
    classifier : Classifier or None
        The classifier.
    """

    samples: int
    anchor: Estimate
    anchor_samples: int
    nearest: float
    nearest_of_test: float
    labels: Labels | None = None
    classifier: Classifier | None = None

    @property
    def warnings(self) -> list[str]:
        """What the reader should know of them."""
        if self.classifier is None or self.classifier.test_error <= MOST_ERROR:
            return []
        return [
            f"the classifier {self.classifier.name} errs on {self.classifier.test_error:.2%} of the test images, more "
            f"than {MOST_ERROR:.0%}: its labels of samples say little"
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return them as plain values."""
        found: dict[str, Any] = {
            "anchor": {**self.anchor._asdict(), "samples": self.anchor_samples},
            "nearest_training_image": {"samples": self.nearest, "test_images": self.nearest_of_test},
        }
        if self.labels is not None and self.classifier is not None:
            found["labels"] = {
                "classifier": self.classifier.name,
                "test_error": self.classifier.test_error,
                "samples": asdict(self.labels),
                "test_images": asdict(self.classifier.on_test),
            }
        return found

    def __str__(self) -> str:
        lines = [
            f"beside it: {self.anchor_samples:,} training images as samples have {self.anchor.mean:.2f} ± "
            f"{self.anchor.standard_error:.2f}",
            f"  distance to the nearest training image, median: samples {self.nearest:.3f}, "
            f"test images {self.nearest_of_test:.3f}",
        ]
        if self.labels is not None and self.classifier is not None:
            of_test, classes = self.classifier.on_test, self.classifier.model.get_output_space().get_total_dimension()
            lines += [
                f"  labels by {self.classifier.name}, which errs on {self.classifier.test_error:.2%} of test images:",
                f"    entropy, of {np.log(classes):.3f} at most: samples {self.labels.entropy:.3f}, "
                f"test images {of_test.entropy:.3f}",
                f"    mean confidence: samples {self.labels.confidence:.3f}, test images {of_test.confidence:.3f}",
            ]
        return "\n".join(lines)


def labels_of(probabilities: np.ndarray) -> Labels:
    """Return the entropy of labels and their mean confidence.

    Parameters
    ----------
    probabilities : array of shape (count, classes)
        Of each class for each example.

    Returns
    -------
    Labels
        Of these examples.

    Examples
    --------
    >>> labels_of(np.array([[0.9, 0.1], [0.7, 0.3]]))
    Labels(entropy=0.0, confidence=0.8)
    """
    counts = np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1])
    shares = counts[counts > 0] / counts.sum()
    return Labels(float(np.abs(-(shares * np.log(shares)).sum())), float(probabilities.max(axis=1).mean()))


def median_distance(rows: np.ndarray, train: np.ndarray) -> float:
    """Return the median Euclidean distance of the first 1,000 rows to the nearest training image of each.

    Examples
    --------
    >>> median_distance(np.array([[0.0], [3.0], [7.0]]), np.array([[0.5], [3.0]]))
    0.5
    """
    return float(np.median(np.sqrt(nearest_rows(rows[:NEAREST_OF], train)[1])))


def guards_of(
    rows: np.ndarray, train: np.ndarray, test: np.ndarray, anchor: tuple[Estimate, int], classifier: Classifier | None
) -> Guards:
    """Measure what stands beside the log-likelihood of samples.

    Parameters
    ----------
    rows : array of shape (count, dimension)
        The samples, in the unit of the data.
    train : array of shape (count, dimension)
        The training images.
    test : array of shape (count, dimension)
        The test images.
    anchor : (Estimate, int)
        The log-likelihood with training images as samples, and how many they are.
    classifier : Classifier or None
        For the labels of samples.

    Returns
    -------
    Guards
        What was found.
    """
    labels = None if classifier is None else labels_of(class_outputs(classifier.model, rows))
    near, near_of_test = median_distance(rows, train), median_distance(test, train)
    return Guards(len(rows), *anchor, near, near_of_test, labels, classifier)
