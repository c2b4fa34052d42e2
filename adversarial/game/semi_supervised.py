"""A discriminator that is a classifier too: K classes of data and one of samples (section 7, semi-supervised learning).

Salimans et al. (2016) made it work: D has a logit for each class and one for samples, so that

    D(x) = Z(x) / (Z(x) + exp l_K(x)),  Z(x) = sum over the classes k < K of exp l_k(x).

K + 1 logits have one too many; with the last held at 0, D has K outputs.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.datasets.data_specs import DataSpecs
from adversarial.game.costs import NoiseAdversaryCost
from adversarial.game.objectives import Objectives
from adversarial.game.pair import AdversaryPair
from adversarial.models.mlp import MLP
from adversarial.options import Count, NonNegative, OptionError
from adversarial.space import Batch, CompositeSpace, VectorSpace


class SemiSupervisedAdversaryPair(AdversaryPair):
    """G and a D whose outputs are logits, one for each class and, unless it is held at 0, a last one for samples.

    Its options are those of `AdversaryPair`; D ends in a Linear layer.

    Examples
    --------
    >>> SemiSupervisedAdversaryPair(generator, discriminator)  # doctest: +SKIP
    """

    def _check_discriminator(self, discriminator: MLP) -> None:
        if discriminator.get_output_space().get_total_dimension() < 2:
            reason = "discriminator must end in a logit for each class, and may have one more for samples"
            raise OptionError("SemiSupervisedAdversaryPair", "discriminator", reason)


class SemiSupervisedAdversaryCost(NoiseAdversaryCost):
    """The game where D names the class of data as well, and learns that from labelled examples.

    D minimizes the mean of -log D(x) and of -log(1 - D(G(z))), averaged, plus the cross-entropy of the classes of
    labelled examples; G minimizes the mean of -log D(G(z)). Its data are `datasets.few_labelled.FewLabelled`.

    Parameters
    ----------
    n_classes : int
        Number K of classes; D has K outputs, or K + 1.
    labelled_weight : float, default 1
        Factor on the cross-entropy.
    **kwargs : dict
        Options of `NoiseAdversaryCost`; `no_drop_in_d_for_g` has no effect.

    Examples
    --------
    >>> SemiSupervisedAdversaryCost(n_classes=10, scale_grads=False).labelled_weight
    1.0
    """

    def __init__(self, n_classes: Count, labelled_weight: NonNegative = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_classes = n_classes
        self.labelled_weight = labelled_weight

    def get_data_specs(self, model: AdversaryPair) -> DataSpecs:
        """Return the specification of (unlabelled examples, labelled examples, their classes as rows)."""
        outputs = model.discriminator.get_output_space().get_total_dimension()
        if outputs - self.n_classes not in (0, 1):
            reason = f"n_classes is {self.n_classes}, but D has {outputs} outputs, not as many or one more"
            raise OptionError(type(self).__name__, "n_classes", reason)
        space = model.get_input_space()
        return CompositeSpace([space, space, VectorSpace(self.n_classes)]), ("features", "labelled", "targets")

    def real_logit(self, logits: TensorVariable) -> TensorVariable:
        """Return the logit of D(x), shape (batch,), of D's outputs."""
        real = pt.logsumexp(logits[:, : self.n_classes], axis=1)
        return real - pt.sum(logits[:, self.n_classes :], axis=1)

    def get_samples_and_objectives(self, model: AdversaryPair, data: Batch) -> Objectives:
        """Build samples and objectives for a batch of data; each call draws new variates and dropout seeds."""
        examples, labelled, targets = data
        inputs = self._players_inputs(model, examples, model.get_input_space().batch_size(examples))
        batches = (inputs.real, inputs.fake, labelled)
        outputs = [model.discriminator.fprop(batch, dropout=self.discriminator_dropout) for batch in batches]
        real, fake = (self.real_logit(each) for each in outputs[:2])
        g_obj = pt.softplus(-fake).mean()
        d_obj = 0.5 * (pt.softplus(-real).mean() + pt.softplus(fake).mean())
        d_obj += self.labelled_weight * self._cross_entropy(outputs[2], targets)
        return Objectives(inputs.fake, d_obj, g_obj, self._inferer_objective(model, inputs))

    def _cross_entropy(self, logits: TensorVariable, targets: TensorVariable) -> TensorVariable:
        return -(targets * pt.special.log_softmax(logits[:, : self.n_classes], axis=1)).sum(axis=1).mean()

    def get_monitoring_channels(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> dict[str, TensorVariable]:
        """Return the game's channels, and misclass: the part of labelled examples that D puts in a wrong class."""
        examples, labelled, targets = data
        d = model.discriminator
        count = model.get_input_space().batch_size(examples)
        named = d.fprop(labelled)[:, : self.n_classes]
        channels = {
            "misclass": _mean_of(pt.neq(pt.argmax(named, axis=1), pt.argmax(targets, axis=1))),
            "false_negatives": _mean_of(self.real_logit(d.fprop(examples)) < 0),
            "false_positives": _mean_of(self.real_logit(d.fprop(model.generator.sample(count))) > 0),
        }
        objectives = self.get_samples_and_objectives(model, data)
        show_d, show_g, show_i = self._players_monitored(model)
        shown = {
            "objective_i": objectives.inferer if show_i else None,
            "objective_d": objectives.discriminator if show_d else None,
            "objective_g": objectives.generator if show_g else None,
        }
        channels |= {name: value for name, value in shown.items() if value is not None}
        return channels | {"now_train_generator": self.now_train_generator}


def _mean_of(condition: TensorVariable) -> TensorVariable:
    return pt.cast(condition, floatX()).mean()
