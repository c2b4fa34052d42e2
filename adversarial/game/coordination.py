"""Ways to keep the two players in step, as options of one cost; section 7 of the paper asks for such."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.cost import Updates, gradients_of
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import SampleAndNoise
from adversarial.game.noise import back_into_range
from adversarial.game.objectives import Inputs, Objectives, Verdicts
from adversarial.game.pair import AdversaryPair
from adversarial.models.dropout import Dropout
from adversarial.models.linear import logit_of
from adversarial.models.mlp import MLP
from adversarial.options import Count, NonNegative, OptionError, Positive, Probability, nearest
from adversarial.space import VectorSpace


@dataclass(frozen=True)
class ObservedVerdicts(Verdicts):
    """D's outputs, with the data that it read and its hidden layer `feature_layer` on data and on samples."""

    data: TensorVariable
    features: tuple[TensorVariable, TensorVariable] | None


class CoordinatedAdversaryCost(AdversaryCost2):
    """AdversaryCost2 with ways to keep the players in step; without one of its own options it is AdversaryCost2.

    Parameters
    ----------
    one_sided_label : float, default 1
        What D should say of data, in (0, 1]; of samples it should say 0. With .9 the best D is
        .9 p_data / (p_data + p_g).
    r1_penalty : float, default 0
        D's objective gets half of this times the mean squared norm of the gradient, at data, of D's logit.
    feature_layer : str, optional
        The hidden layer of D whose mean over samples G brings to its mean over data: G minimizes the squared distance
        of the two, in place of -log D(G(z)).
    noise_both_updates : int, optional
        The update at which the noise of `noise_both` has faded to nothing, linearly; by default it does not fade.
    lead : float, optional
        G learns at an update only if at the one before D's objective was below this; log 2 = .693 is that of a D that
        guesses. By default it learns at each.
    z_step : float, default 0
        Before either player learns from G(z), z moves by this times the gradient, at z, of D's logit of G(z), without
        dropout in D; uniform z stay within their ends and spherical ones on the sphere. No gradient passes through the
        move.
    **kwargs : dict
        Options of `AdversaryCost2`.

    References
    ----------
    Salimans et al., *Improved techniques for training GANs*, 2016: one-sided labels, feature matching.
    Mescheder, Geiger and Nowozin, *Which training methods for GANs do actually converge?*, 2018: the penalty R1.
    Wu et al., *LOGAN: Latent optimisation for generative adversarial networks*, 2019: z that move.

    Examples
    --------
    >>> CoordinatedAdversaryCost(one_sided_label=0.9, r1_penalty=10.0, scale_grads=False).one_sided_label
    0.9
    """

    def __init__(
        self,
        one_sided_label: Probability = 1.0,
        r1_penalty: NonNegative = 0.0,
        feature_layer: str | None = None,
        noise_both_updates: Count | None = None,
        lead: Positive | None = None,
        z_step: NonNegative = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        owner = type(self).__name__
        if noise_both_updates is not None and self.noise_both == 0.0:
            raise OptionError(owner, "noise_both_updates", "noise_both is 0, so there is no noise that could fade")
        if lead is not None and self.alternate_g:
            raise OptionError(owner, "lead", "lead and alternate_g both say when G learns; leave one out")
        if feature_layer is not None and self.blend_obj:
            raise OptionError(owner, "feature_layer", "feature_layer and blend_obj both say what G wants; drop one")
        self.one_sided_label = one_sided_label
        self.r1_penalty = r1_penalty
        self.feature_layer = feature_layer
        self.noise_both_updates = noise_both_updates
        self.lead = lead
        self.z_step = z_step
        self._noise_now = sharedX(self.noise_both, name="noise_both")

    def check_model(self, model: Any) -> None:
        """Check that the model is of two players, and that D has the layer `feature_layer`."""
        super().check_model(model)
        self._feature_number(model.discriminator)
        space = model.generator.get_input_space()
        if self.z_step > 0.0 and not isinstance(space, VectorSpace):
            raise OptionError(type(self).__name__, "z_step", f"z_step moves z that are vectors, but G reads {space}")

    def _sample(self, model: AdversaryPair, batch_size: TensorVariable, all_g_layers: bool = False) -> SampleAndNoise:
        made = super()._sample(model, batch_size, all_g_layers)
        if self.z_step == 0.0:
            return made
        g, z = model.generator, cast(TensorVariable, made.noise)
        (slope,) = gradients_of(logit_of(model.discriminator.fprop(made.samples)).sum(), [z])
        moved = back_into_range(g.distribution, z + disconnected_grad(pt.cast(self.z_step * slope, z.dtype)))
        dropout = self.generator_dropout
        return g.sample_of(moved, Dropout(dropout.default_include_prob, dropout.default_scale), all_g_layers)

    def _verdicts(self, d: MLP, inputs: Inputs) -> Verdicts:
        number = self._feature_number(d)
        dropout = self.discriminator_dropout
        real, fake = (d.fprop(each, return_all=True, dropout=dropout) for each in (inputs.real, inputs.fake))
        for_generator = self._undropped(d, inputs, fake[-1]) if self.no_drop_in_d_for_g else fake[-1]
        features = None if number is None else (real[number], fake[number])
        return ObservedVerdicts(real[-1], fake[-1], for_generator, cast(TensorVariable, inputs.real), features)

    def _feature_number(self, d: MLP) -> int | None:
        if self.feature_layer is None:
            return None
        hidden = [str(name) for name in d.layer_names[:-1]]
        if self.feature_layer not in hidden:
            reason = f"feature_layer is '{self.feature_layer}', but D's hidden layers are {', '.join(hidden)}"
            raise OptionError(type(self).__name__, "feature_layer", reason + nearest(self.feature_layer, hidden))
        return hidden.index(self.feature_layer)

    def _discriminator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, zero: TensorVariable
    ) -> TensorVariable:
        label = one if self.one_sided_label == 1.0 else self.one_sided_label * one
        objective = super()._discriminator_objective(d, verdicts, label, zero)
        if self.r1_penalty == 0.0:
            return objective
        assert isinstance(verdicts, ObservedVerdicts)  # `_verdicts` makes them
        # Rows do not read each other, so that the gradient of the sum holds each row's own.
        (slope,) = gradients_of(logit_of(verdicts.real).sum(), [verdicts.data])
        return objective + 0.5 * self.r1_penalty * pt.sqr(slope).sum() / pt.cast(one.shape[0], floatX())

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        features = verdicts.features if isinstance(verdicts, ObservedVerdicts) else None
        if features is None:
            return super()._generator_objective(d, verdicts, one, d_obj)
        of_data, of_samples = (each.mean(axis=0) for each in features)
        return pt.sqr(of_data - of_samples).sum()

    def _noise_level(self) -> float | TensorVariable:
        return self.noise_both if self.noise_both_updates is None else self._noise_now

    def _updates(self, objectives: Objectives) -> Updates:
        updates = super()._updates(objectives)
        if self.noise_both_updates is not None:
            faded = self._noise_now - self.noise_both / self.noise_both_updates
            updates[self._noise_now] = pt.cast(pt.maximum(faded, 0.0), floatX())
        if self.lead is not None:
            updates[self.now_train_generator] = pt.cast(objectives.discriminator < self.lead, floatX())
        return updates
