"""Whether a classifier names the class under which a conditional generator was asked for a sample."""

from __future__ import annotations

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.evaluation.features import features
from adversarial.game.sampling import Sampler
from adversarial.models.mlp import MLP
from adversarial.models.model import Model


def class_outputs(classifier: Model, rows: np.ndarray) -> np.ndarray:
    """Return a classifier's output for each class, for examples in rows; raises CheckpointError if it is none."""
    if not isinstance(classifier, MLP) or classifier.get_output_space().get_total_dimension() < 2:
        raise CheckpointError("the classifier must be an MLP with an output for each class")
    return features(classifier, str(classifier.layer_names[-1]), rows)


def named_classes(classifier: Model, rows: np.ndarray) -> np.ndarray:
    """Return the class that a classifier names for each example.

    Parameters
    ----------
    classifier : MLP
        Its last layer has an output for each class.
    rows : array of shape (count, dimension)
        The examples, a row each.

    Returns
    -------
    array of int, shape (count,)
        The number of the largest output.

    Examples
    --------
    >>> from adversarial.models.softmax import Softmax
    >>> identity = MLP([Softmax(n_classes=3, layer_name="y", no_affine=True)], nvis=3)
    >>> named_classes(identity, np.eye(3)[[2, 0]]).tolist()
    [2, 0]
    """
    return class_outputs(classifier, rows).argmax(axis=1)


def asked_and_named(model: Model, classifier: Model, count: int, seed: int | None = None) -> np.ndarray:
    """Count the classes that a classifier names of samples, for each class that they were drawn under.

    Parameters
    ----------
    model : ConditionalAdversaryPair or ConditionalGenerator
        The model; its conditions are classes.
    classifier : MLP
        The classifier.
    count : int
        Samples in all, spread evenly over the classes.
    seed : int, optional
        Seed of the noise; default: it continues the generator's own stream.

    Returns
    -------
    array of int, shape (classes, classes)
        In row i and column j, samples drawn under class i of which the classifier names class j.

    Examples
    --------
    >>> asked_and_named(conditional, classifier, 10_000, seed=0).trace() / 10_000  # doctest: +SKIP
    """
    sampler = Sampler(model, seed=seed)
    if sampler.centres is None:
        raise CheckpointError("this model's generator is not conditional: no class can be asked of it")
    classes = len(sampler.centres)
    asked = np.arange(count) % classes
    named = named_classes(classifier, sampler.images_of(sampler.draw_noise(count), sampler.centres[asked]))
    return np.stack([np.bincount(named[asked == each], minlength=classes) for each in range(classes)])
