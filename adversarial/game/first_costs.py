"""The costs of the paper's authors before AdversaryCost2, of May 2014, which their first experiments name.

They were `galatea.adversarial.AdversaryCost` and `galatea.adversarial.IndistCost` of goodfeli/galatea, in which
goodfeli/adversarial began. Data are design matrices; objectives are no channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.game import objectives
from adversarial.game.objectives import Objectives, Verdicts
from adversarial.game.pair import AdversaryPair
from adversarial.models.mlp import MLP
from adversarial.options import Positive, Probability
from adversarial.space import Batch


class _FirstCost(objectives.AdversaryCost):
    """What the two share: scaled gradients and dropout.

    Parameters
    ----------
    scale_grads : bool, default True
        Whether G's gradient is scaled up where the norm of the gradient with respect to the samples is below
        `target_scale`.
    target_scale : float, default .1
        That norm.
    discriminator_default_input_include_prob : float or None, default 1
        Dropout in D: the probability, in (0, 1], that an input of a layer is included. None is 1.
    discriminator_input_include_probs : dict, optional
        {layer name: probability} for layers of D that differ from the default.
    discriminator_default_input_scale : float, default 1
        Factor on the inputs that are included; 1 over the probability preserves their mean.
    discriminator_input_scales : dict, optional
        {layer name: factor} for layers of D that differ from the default.
    generator_default_input_include_prob : float or None, default 1
        Dropout in G, as in D.
    generator_default_input_scale : float, default 1
        Factor on the inputs that are included in G.
    """

    def __init__(
        self,
        scale_grads: bool = True,
        target_scale: Positive = 0.1,
        discriminator_default_input_include_prob: Probability | None = 1.0,
        discriminator_input_include_probs: dict[str, Probability] | None = None,
        discriminator_default_input_scale: Positive = 1.0,
        discriminator_input_scales: dict[str, Positive] | None = None,
        generator_default_input_include_prob: Probability | None = 1.0,
        generator_default_input_scale: Positive = 1.0,
    ):
        super().__init__(
            scale_grads=scale_grads,
            target_scale=target_scale,
            discriminator_default_input_include_prob=discriminator_default_input_include_prob,
            discriminator_input_include_probs=discriminator_input_include_probs,
            discriminator_default_input_scale=discriminator_default_input_scale,
            discriminator_input_scales=discriminator_input_scales,
            generator_default_input_include_prob=generator_default_input_include_prob,
            generator_default_input_scale=generator_default_input_scale,
        )

    def get_monitoring_channels(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> dict[str, TensorVariable]:
        """Return false_negatives, false_positives and sample_grad_norm."""
        return self._channels_of_verdicts(model, data)


class MinimaxAdversaryCost(_FirstCost):
    """The minimax game of equation (1): G's objective is the negative of D's.

    Data and samples are one minibatch to D, under one pass of dropout. In YAML the class is
    `adversarial.game.first_costs.AdversaryCost`. Its options are scale_grads, target_scale and those of dropout.

    Examples
    --------
    >>> MinimaxAdversaryCost(scale_grads=False).target_scale
    0.1
    """

    def expr(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> TensorVariable:
        """Return 0, to which the two objectives add up."""
        return pt.constant(0.0, dtype=floatX())

    def get_samples_and_objectives(self, model: AdversaryPair, data: Batch) -> Objectives:
        """Build samples and objectives for a batch of data; each call draws new variates and dropout seeds."""
        self.get_data_specs(model)[0].validate(data)
        d, size = model.discriminator, data.shape[0]
        samples, _, _ = self._sample(model, size)
        verdict = d.fprop(pt.concatenate((data, samples), axis=0), dropout=self.discriminator_dropout)
        ones, zeros = (pt.alloc(np.asarray(value, dtype=floatX()), size, 1) for value in (1, 0))
        objective = d.layers[-1].cost(pt.concatenate((ones, zeros), axis=0), verdict)
        return Objectives(samples, objective, -objective, None)


class IndistCost(_FirstCost):
    """A game in which G wants to be indistinguishable: D(G(z)) = 1/2, by its cross-entropy with 1/2, less log 2.

    Its options are those of `MinimaxAdversaryCost`.

    Examples
    --------
    >>> IndistCost(discriminator_default_input_include_prob=0.5).discriminator_dropout.include_prob("h0")
    0.5
    """

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return d.layers[-1].cost(0.5 * one, verdicts.fake_for_generator) - np.log(2.0)


#: The name that YAML files use.
AdversaryCost = MinimaxAdversaryCost
