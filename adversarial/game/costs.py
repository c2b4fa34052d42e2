"""What the players want: the costs of goodfeli/adversarial, which differ only in how they weigh single examples.

The discriminator's objective is the value function of the paper (equation 1) with its sign turned, halved; the
generator's is the non-saturating one of section 3, -log D(G(z)), unless a cost says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.gradient import disconnected_grad
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.cost import Cost, DefaultDataSpecsMixin
from adversarial.game.pair import AdversaryPair
from adversarial.models.mlp import MLP
from adversarial.options import NonNegative, OptionError, Positive, Probability, nearest
from adversarial.random_streams import MRG_RandomStreams

#: 2014's seed of the noise that `noise_both` adds: 2014 / 6 + 2, divided as Python 2 divides.
NOISE_BOTH_SEED = 2014 // 6 + 2


@dataclass(frozen=True)
class Objectives:
    """Samples and what is made of them: the players' scalar costs; `inferer` is None where there is none."""

    samples: TensorVariable
    discriminator: TensorVariable
    generator: TensorVariable
    inferer: TensorVariable | None


@dataclass(frozen=True)
class Judgement:
    """D's verdicts (batch, 1) under dropout, on data and on samples, and on samples as G's objective takes it."""

    real: TensorVariable
    fake: TensorVariable
    fake_for_generator: TensorVariable


class AdversaryCost(DefaultDataSpecsMixin, Cost):
    """What the four costs share.

    Parameters
    ----------
    scale_grads : whether to scale G's gradients up so that the norm of the gradient at the samples reaches
        `target_scale`
    target_scale : that norm
    discriminator_default_input_include_prob : probability with which D's layers keep each of their inputs (dropout)
    discriminator_input_include_probs : the same for the layers named
    discriminator_default_input_scale : factor on the inputs that are kept; 1 over that probability keeps their mean
    discriminator_input_scales : the same for the layers named
    generator_default_input_include_prob, generator_default_input_scale : dropout in G, as in D
    inference_default_input_include_prob, inference_default_input_scale, inference_input_include_probs,
        inference_input_scales : dropout in the inferer, as in D
    init_now_train_generator : whether G learns from the start (the shared variable `now_train_generator` tells
        whether it does at present)
    ever_train_discriminator, ever_train_generator, ever_train_inference : false leaves a player as it was made
    no_drop_in_d_for_g : let G learn from D without dropout
    alternate_g : let G learn at every other update only
    """

    supervised = False

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
        inference_default_input_include_prob: Probability | None = None,
        inference_input_include_probs: dict[str, Probability] | None = None,
        inference_default_input_scale: Positive = 1.0,
        inference_input_scales: dict[str, Positive] | None = None,
        init_now_train_generator: bool = True,
        ever_train_discriminator: bool = True,
        ever_train_generator: bool = True,
        ever_train_inference: bool = True,
        no_drop_in_d_for_g: bool = False,
        alternate_g: bool = False,
    ):
        self.scale_grads = scale_grads
        self.target_scale = target_scale
        self.discriminator_dropout = {
            "default_input_include_prob": discriminator_default_input_include_prob,
            "input_include_probs": discriminator_input_include_probs,
            "default_input_scale": discriminator_default_input_scale,
            "input_scales": discriminator_input_scales,
        }
        self.generator_dropout = {
            "default_input_include_prob": generator_default_input_include_prob,
            "default_input_scale": generator_default_input_scale,
        }
        self.inference_dropout = {
            "default_input_include_prob": inference_default_input_include_prob,
            "input_include_probs": inference_input_include_probs,
            "default_input_scale": inference_default_input_scale,
            "input_scales": inference_input_scales,
        }
        self.ever_train_discriminator = ever_train_discriminator
        self.ever_train_generator = ever_train_generator
        self.ever_train_inference = ever_train_inference
        self.no_drop_in_d_for_g = no_drop_in_d_for_g
        self.alternate_g = alternate_g
        self.now_train_generator = sharedX(np.asarray(float(init_now_train_generator)), name="now_train_generator")
        self.now_train_discriminator = sharedX(np.asarray(1.0), name="now_train_discriminator")
        self.now_train_inference = sharedX(np.asarray(1.0), name="now_train_inference")

    def expr(self, model: AdversaryPair, data: TensorVariable, **kwargs: Any) -> TensorVariable:
        """The sum of the objectives of the players that ever learn: the monitor's channel `objective`."""
        objectives = self.get_samples_and_objectives(model, data)
        learning = [
            (self.ever_train_discriminator, objectives.discriminator),
            (self.ever_train_generator, objectives.generator),
            (self.ever_train_inference, objectives.inferer),
        ]
        total = [objective for ever, objective in learning if ever and objective is not None]
        return sum(total) if total else pt.constant(0.0, dtype=floatX())

    def get_samples_and_objectives(self, model: AdversaryPair, data: TensorVariable) -> Objectives:
        """Build samples and objectives for a batch of data; each call draws new variates and dropout seeds."""
        space, _ = self.get_data_specs(model)
        space.validate(data)
        d = model.discriminator
        batch_size = data.shape[space.get_batch_axis()]
        samples, target, real, fake = self._players_inputs(model, data, batch_size)
        verdict_real = d.dropout_fprop(real, **self.discriminator_dropout)
        verdict_fake = d.dropout_fprop(fake, **self.discriminator_dropout)
        for_generator = verdict_fake
        if self.no_drop_in_d_for_g:
            for_generator = d.dropout_fprop(fake, default_input_include_prob=1.0, default_input_scale=1.0)
        judgement = Judgement(verdict_real, verdict_fake, for_generator)
        one, zero = (pt.alloc(np.asarray(value, dtype=floatX()), batch_size, 1) for value in (1, 0))
        d_obj = self._discriminator_objective(d, judgement, one, zero)
        g_obj = self._generator_objective(d, judgement, one, d_obj)
        i_obj = None
        if model.inferer is not None:
            prediction = model.inferer.dropout_fprop(disconnected_grad(samples), **self.inference_dropout)
            i_obj = model.inferer.layers[-1].cost(target, prediction)
        return Objectives(fake, d_obj, g_obj, i_obj)

    def _players_inputs(
        self, model: AdversaryPair, data: TensorVariable, batch_size: TensorVariable
    ) -> tuple[TensorVariable, TensorVariable, TensorVariable, TensorVariable]:
        """Samples, what the inferer is to give for them, and what D sees as real and as fake."""
        samples, noise, _ = model.generator.sample_and_noise(batch_size, **self.generator_dropout)
        return samples, noise, data, samples

    def _monitoring_samples(self, model: AdversaryPair, data: TensorVariable) -> TensorVariable:
        """As many samples as the first axis of the data says, without dropout."""
        return model.generator.sample(data.shape[0])

    def _discriminator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, zero: TensorVariable
    ) -> TensorVariable:
        last = d.layers[-1]
        return 0.5 * (last.cost(one, judgement.real) + last.cost(zero, judgement.fake))

    def _generator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return d.layers[-1].cost(one, judgement.fake_for_generator)

    def get_gradients(
        self, model: AdversaryPair, data: TensorVariable, **kwargs: Any
    ) -> tuple[dict[SharedVariable, TensorVariable], dict[SharedVariable, Variable]]:
        """Each player's gradient of its own objective, and updates of the cost's own state.

        Returns
        -------
        gradients : parameter -> gradient, the discriminator's first
        updates : shared variable -> new value
        """
        objectives = self.get_samples_and_objectives(model, data)
        g_params, d_params = model.generator.get_params(), model.discriminator.get_params()
        shared = [param.name for param in g_params if param in d_params]
        if shared:
            raise OptionError("AdversaryPair", "discriminator", f"both players own the parameter {shared[0]}")
        d_grads = pytensor.grad(objectives.discriminator, d_params)
        g_grads = pytensor.grad(objectives.generator, g_params)
        if self.scale_grads:
            norm = pt.sqrt(pt.sqr(pytensor.grad(objectives.generator, objectives.samples)).sum())
            scale = pt.maximum(1.0, self.target_scale / norm)
            g_grads = [grad * scale for grad in g_grads]
        gradients = _switched(d_params, d_grads, self.now_train_discriminator, self.ever_train_discriminator)
        gradients |= _switched(g_params, g_grads, self.now_train_generator, self.ever_train_generator)
        if model.inferer is not None:
            i_params = model.inferer.get_params()
            i_grads = pytensor.grad(objectives.inferer, i_params)
            gradients |= _switched(i_params, i_grads, self.now_train_inference, self.ever_train_inference)
        updates = {self.now_train_generator: 1.0 - self.now_train_generator} if self.alternate_g else {}
        return gradients, updates

    def get_monitoring_channels(
        self, model: AdversaryPair, data: TensorVariable, **kwargs: Any
    ) -> dict[str, TensorVariable]:
        """How the game stands: false_negatives, false_positives, sample_grad_norm, objective_d, _g, _i, ..."""
        d = model.discriminator
        channels = {"false_negatives": _mean_of(d.fprop(data) < 0.5)}
        samples = self._monitoring_samples(model, data)
        verdict = d.fprop(samples)
        channels["false_positives"] = _mean_of(verdict > 0.5)
        sample_grad = pytensor.grad(-d.cost_from_X((samples, verdict)), samples)
        channels["sample_grad_norm"] = pt.sqrt(pt.sqr(sample_grad).sum())
        objectives = self.get_samples_and_objectives(model, data)
        if model.monitor_inference and objectives.inferer is not None:
            channels["objective_i"] = objectives.inferer
        if model.monitor_discriminator:
            channels["objective_d"] = objectives.discriminator
        if model.monitor_generator:
            channels["objective_g"] = objectives.generator
        channels["now_train_generator"] = self.now_train_generator
        return channels

    def get_state(self) -> dict[str, float]:
        """Who learns at present: what a resumed run must know of the cost."""
        return {
            switch.name: float(switch.get_value())
            for switch in (self.now_train_generator, self.now_train_discriminator, self.now_train_inference)
        }

    def set_state(self, state: dict[str, float]) -> None:
        """Take back what `get_state` gave."""
        for switch in (self.now_train_generator, self.now_train_discriminator, self.now_train_inference):
            switch.set_value(np.asarray(state[switch.name], dtype=switch.dtype))


class NoiseAdversaryCost(AdversaryCost):
    """What the costs share whose samples come from noise alone.

    Parameters
    ----------
    infer_layer : what the inferer is to give: z (None), or the output of this layer of G, by index or name
    noise_both : standard deviation of gaussian noise added to data and samples before D sees them
    others : those of AdversaryCost
    """

    def __init__(self, infer_layer: int | str | None = None, noise_both: NonNegative = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.infer_layer = infer_layer
        self.noise_both = noise_both

    def _players_inputs(
        self, model: AdversaryPair, data: TensorVariable, batch_size: TensorVariable
    ) -> tuple[TensorVariable, TensorVariable, TensorVariable, TensorVariable]:
        if not model.makes_whole_examples():
            made, read = model.generator.get_output_space(), model.discriminator.get_input_space()
            raise OptionError("AdversaryPair", "generator", f"the generator makes {made}, but D reads {read}")
        samples, target, hidden = model.generator.sample_and_noise(
            batch_size, **self.generator_dropout, all_g_layers=self.infer_layer is not None
        )
        if self.infer_layer is not None:
            target = hidden[self._infer_index(model.generator.mlp)]
        if self.noise_both == 0.0:
            return samples, target, data, samples
        streams = MRG_RandomStreams(NOISE_BOTH_SEED)
        samples, data = (
            batch + streams.normal(size=batch.shape, dtype=samples.dtype) * self.noise_both for batch in (samples, data)
        )
        return samples, target, data, samples

    def _infer_index(self, mlp: MLP) -> int:
        hidden = mlp.layer_names[:-1]
        hint = ""
        if isinstance(self.infer_layer, str):
            if self.infer_layer in hidden:
                return hidden.index(self.infer_layer)
            hint = nearest(self.infer_layer, hidden)
        elif -len(hidden) <= self.infer_layer < len(hidden):
            return self.infer_layer
        reason = f"infer_layer is {self.infer_layer!r}, but the generator's hidden layers are {', '.join(hidden)}{hint}"
        raise OptionError(type(self).__name__, "infer_layer", reason)


class AdversaryCost2(NoiseAdversaryCost):
    """The cost of the paper's experiments.

    Parameters
    ----------
    blend_obj : let G maximize D's objective (the paper's minimax game) and -log D(G(z)) together, weighted by
        minimax_coeff and zurich_coeff
    minimax_coeff, zurich_coeff : those weights
    others : those of NoiseAdversaryCost
    """

    def __init__(self, blend_obj: bool = False, minimax_coeff: float = 1.0, zurich_coeff: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.blend_obj = blend_obj
        self.minimax_coeff = minimax_coeff
        self.zurich_coeff = zurich_coeff
        if blend_obj and minimax_coeff + zurich_coeff == 0:
            raise OptionError("AdversaryCost2", "zurich_coeff", "minimax_coeff and zurich_coeff must not add up to 0")

    def _generator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        zurich = super()._generator_objective(d, judgement, one, d_obj)
        if not self.blend_obj:
            return zurich
        weights = self.zurich_coeff + self.minimax_coeff
        return (self.zurich_coeff * zurich - self.minimax_coeff * d_obj) / weights


class ThresholdedAdversaryCost(NoiseAdversaryCost):
    """G learns only from samples that D takes for samples (D(G(z)) < 1/2). Options: NoiseAdversaryCost's."""

    def _generator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return self._masked_generator_objective(d, judgement, one, threshold=0.5)

    @staticmethod
    def _masked_generator_objective(
        d: MLP, judgement: Judgement, one: TensorVariable, threshold: float
    ) -> TensorVariable:
        costs = d.layers[-1].cost_matrix(one, judgement.fake_for_generator)
        return (costs * (judgement.fake < threshold)).mean()


class LazyAdversaryCost(ThresholdedAdversaryCost):
    """Each player learns only from examples that it does not yet win by a margin.

    Parameters
    ----------
    g_eps : G learns from samples with D(G(z)) < 1/2 + g_eps
    d_eps : D learns from data with D(x) < 1/2 + d_eps and samples with D(G(z)) > 1/2 - d_eps
    others : those of ThresholdedAdversaryCost
    """

    def __init__(self, g_eps: float = 0.0, d_eps: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.g_eps = g_eps
        self.d_eps = d_eps

    def _discriminator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, zero: TensorVariable
    ) -> TensorVariable:
        last = d.layers[-1]
        real = ((judgement.real < 0.5 + self.d_eps) * last.cost_matrix(one, judgement.real)).mean()
        fake = ((judgement.fake > 0.5 - self.d_eps) * last.cost_matrix(zero, judgement.fake)).mean()
        return 0.5 * (real + fake)

    def _generator_objective(
        self, d: MLP, judgement: Judgement, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return self._masked_generator_objective(d, judgement, one, threshold=0.5 + self.g_eps)


class InpaintingAdversaryCost(AdversaryCost):
    """G makes the right half of images from the left half; data are images, axes ('b', 0, 1, 'c')."""

    def _players_inputs(
        self, model: AdversaryPair, data: TensorVariable, batch_size: TensorVariable
    ) -> tuple[TensorVariable, TensorVariable, TensorVariable, TensorVariable]:
        samples, noise = model.generator.inpainting_sample_and_noise(data, **self.generator_dropout)
        return samples, noise, data, samples

    def _monitoring_samples(self, model: AdversaryPair, data: TensorVariable) -> TensorVariable:
        return model.generator.inpainting_sample_and_noise(data)[0]


def _switched(
    params: list[SharedVariable], grads: list[TensorVariable], now: SharedVariable, ever: bool
) -> dict[SharedVariable, TensorVariable]:
    """Gradients times the switch `now`, or zeros for a player that never learns."""
    if not ever:
        return {param: pt.zeros_like(param) for param in params}
    return {param: now * grad for param, grad in zip(params, grads, strict=True)}


def _mean_of(condition: TensorVariable) -> TensorVariable:
    return pt.cast(condition, floatX()).mean()
