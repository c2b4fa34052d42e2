"""What the players want: the two objectives of the paper's game, and their gradients.

The paper's game (section 3) has the value, equation (1),

    V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))],

which D maximizes and G minimizes. As everything here is minimized, the discriminator's objective is -V / 2. The
generator's is -E_z[log D(G(z))], which section 3 proposes instead of E_z[log(1 - D(G(z)))] because that saturates
while G is poor. The costs in game/costs.py vary both. Algorithm 1 alternates k updates of D with one of G; here an
update moves both players, and `Cycler` (game/schedules.py) holds G still in k - 1 of k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_grad
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.cost import Cost, DefaultDataSpecsMixin, Gradients, Updates, gradients_of
from adversarial.game.generator import SampleAndNoise
from adversarial.game.pair import AdversaryPair
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.names.slips import Slip
from adversarial.options import OptionError, Positive, Probability
from adversarial.space import Batch


@dataclass(frozen=True)
class Objectives:
    """Samples, and the players' scalar objectives on them, to be minimized; `inferer` is None if there is none."""

    samples: TensorVariable
    discriminator: TensorVariable
    generator: TensorVariable
    inferer: TensorVariable | None


@dataclass(frozen=True)
class Verdicts:
    """D's outputs (batch, 1) under dropout: D(x), D(G(z)), and the D(G(z)) that G's objective reads."""

    real: TensorVariable
    fake: TensorVariable
    fake_for_generator: TensorVariable


@dataclass(frozen=True)
class Inputs:
    """What the players read: samples, what the inferer should predict from them, and D's real and fake examples."""

    samples: Batch
    inference_target: Batch
    real: Batch
    fake: Batch


class AdversaryCost(DefaultDataSpecsMixin, Cost):
    """The game of section 3: what the four costs share.

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
    inference_default_input_include_prob : float or None, default None
        Dropout in the inferer, as in D.
    inference_input_include_probs : dict, optional
        {layer name: probability} for layers of the inferer that differ from the default.
    inference_default_input_scale : float, default 1
        Factor on the inputs that are included in the inferer.
    inference_input_scales : dict, optional
        {layer name: factor} for layers of the inferer that differ from the default.
    init_now_train_generator : bool or float, default True
        Whether G learns from the start; a number is a factor on its gradient. The shared variable
        `now_train_generator` says what holds at present.
    ever_train_discriminator : bool, default True
        Whether D learns at all.
    ever_train_generator : bool, default True
        Whether G learns at all.
    ever_train_inference : bool, default True
        Whether the inferer learns at all.
    no_drop_in_d_for_g : bool, default False
        Whether G's objective reads D without dropout.
    alternate_g : bool, default False
        Whether G learns at every other update only.

    See Also
    --------
    adversarial.game.costs.AdversaryCost2 : The cost of the paper's experiments.

    Examples
    --------
    >>> AdversaryCost(alternate_g=True).get_state()["now_train_generator"]
    1.0
    """

    supervised = False
    needs, trains = ("generator", "discriminator"), "an AdversaryPair"

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
        init_now_train_generator: bool | float = True,
        ever_train_discriminator: bool = True,
        ever_train_generator: bool = True,
        ever_train_inference: bool = True,
        no_drop_in_d_for_g: bool = False,
        alternate_g: bool = False,
    ):
        self.scale_grads = scale_grads
        self.target_scale = target_scale
        self.discriminator_dropout = Dropout(
            discriminator_default_input_include_prob,
            discriminator_default_input_scale,
            discriminator_input_include_probs or {},
            discriminator_input_scales or {},
        )
        self.generator_dropout = Dropout(generator_default_input_include_prob, generator_default_input_scale)
        self.inference_dropout = Dropout(
            inference_default_input_include_prob,
            inference_default_input_scale,
            inference_input_include_probs or {},
            inference_input_scales or {},
        )
        self.ever_train_discriminator = ever_train_discriminator
        self.ever_train_generator = ever_train_generator
        self.ever_train_inference = ever_train_inference
        self.no_drop_in_d_for_g = no_drop_in_d_for_g
        self.alternate_g = alternate_g
        self.now_train_generator = sharedX(np.asarray(float(init_now_train_generator)), name="now_train_generator")
        self.now_train_discriminator = sharedX(np.asarray(1.0), name="now_train_discriminator")
        self.now_train_inference = sharedX(np.asarray(1.0), name="now_train_inference")

    def expr(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> TensorVariable:
        """Return the sum of the objectives of the players that ever learn: the monitor's channel `objective`."""
        objectives = self.get_samples_and_objectives(model, data)
        players = objectives.discriminator, objectives.generator, objectives.inferer
        counted = zip(self._players_in_sum(), players, strict=True)
        total = [objective for counts, objective in counted if counts and objective is not None]
        return cast(TensorVariable, sum(total) if total else pt.constant(0.0, dtype=floatX()))

    def get_samples_and_objectives(self, model: AdversaryPair, data: Batch) -> Objectives:
        """Build samples and objectives for a batch of data; each call draws new variates and dropout seeds."""
        space, _ = self.get_data_specs(model)
        space.validate(data)
        d = model.discriminator
        batch_size = space.batch_size(data)
        inputs = self._players_inputs(model, data, batch_size)
        verdicts = self._verdicts(d, inputs)
        one, zero = (_constant(value, batch_size) for value in (1, 0))
        d_obj = self._discriminator_objective(d, verdicts, one, zero)
        g_obj = self._generator_objective(d, verdicts, one, d_obj)
        return Objectives(_examples(inputs.fake), d_obj, g_obj, self._inferer_objective(model, inputs))

    def _verdicts(self, d: MLP, inputs: Inputs) -> Verdicts:
        real = d.fprop(inputs.real, dropout=self.discriminator_dropout)
        fake = d.fprop(inputs.fake, dropout=self.discriminator_dropout)
        return Verdicts(real, fake, self._undropped(d, inputs, fake) if self.no_drop_in_d_for_g else fake)

    def _inferer_objective(self, model: AdversaryPair, inputs: Inputs) -> TensorVariable | None:
        """The cost of the inferer's prediction, which no other player's gradient passes through."""
        if model.inferer is None:
            return None
        prediction = model.inferer.fprop(_without_gradient(inputs.samples), dropout=self.inference_dropout)
        return model.inferer.layers[-1].cost(inputs.inference_target, prediction)

    def _undropped(self, d: MLP, inputs: Inputs, fake: TensorVariable) -> TensorVariable:
        """What G's objective reads under `no_drop_in_d_for_g`; either way the pass draws a seed."""
        return d.fprop(inputs.fake, dropout=Dropout() if Slip.NO_DROP.repeated_by(self) else Dropout.none())

    def _players_inputs(self, model: AdversaryPair, data: Batch, batch_size: TensorVariable) -> Inputs:
        """What the players read: here data x, samples G(z), and z for the inferer."""
        samples, noise, _ = self._sample(model, batch_size)
        return Inputs(samples, noise, real=data, fake=samples)

    def _sample(self, model: AdversaryPair, batch_size: TensorVariable, all_g_layers: bool = False) -> SampleAndNoise:
        """Samples under G's dropout."""
        dropout = self.generator_dropout
        return model.generator.sample_and_noise(
            batch_size, dropout.default_include_prob, dropout.default_scale, all_g_layers
        )

    def _monitoring_samples(self, model: AdversaryPair, data: Batch) -> Batch:
        """Samples without dropout, as many as the first axis of the data has."""
        return model.generator.sample(data.shape[0])

    def _discriminator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, zero: TensorVariable
    ) -> TensorVariable:
        """-V(D, G) / 2 of equation (1): the mean of -log D(x) and of -log(1 - D(G(z))), averaged."""
        last = d.layers[-1]
        return 0.5 * (last.cost(one, verdicts.real) + last.cost(zero, verdicts.fake))

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        """The mean of -log D(G(z)): the objective of section 3 that does not saturate."""
        return d.layers[-1].cost(one, verdicts.fake_for_generator)

    def get_gradients(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> tuple[Gradients, Updates]:
        """Return each player's gradient of its own objective (the two lines of Algorithm 1 that update), D's first.

        Parameters
        ----------
        model : AdversaryPair
            The players.
        data : TensorVariable
            A batch of the data.
        **kwargs : dict
            Without effect.

        Returns
        -------
        gradients : dict
            {parameter: gradient}.
        updates : dict
            {shared variable of the cost: new value}.
        """
        objectives = self.get_samples_and_objectives(model, data)
        g_params, d_params = model.generator.get_params(), model.discriminator.get_params()
        shared = [param.name for param in g_params if param in d_params]
        if shared:
            raise OptionError("AdversaryPair", "discriminator", f"both players own the parameter {shared[0]}")
        d_grads = gradients_of(objectives.discriminator, d_params)
        g_grads = gradients_of(objectives.generator, g_params)
        if self.scale_grads:
            (at_samples,) = gradients_of(objectives.generator, [objectives.samples])
            scale = pt.maximum(1.0, self.target_scale / pt.sqrt(pt.sqr(at_samples).sum()))
            g_grads = [grad * scale for grad in g_grads]
        gradients = _switched(d_params, d_grads, self.now_train_discriminator, self.ever_train_discriminator)
        gradients |= _switched(g_params, g_grads, self.now_train_generator, self.ever_train_generator)
        if model.inferer is not None and objectives.inferer is not None:
            i_params = model.inferer.get_params()
            i_grads = gradients_of(objectives.inferer, i_params)
            gradients |= _switched(i_params, i_grads, self.now_train_inference, self.ever_train_inference)
        return gradients, self._updates(objectives)

    def _updates(self, objectives: Objectives) -> Updates:
        """Updates of the cost's own shared variables."""
        switch: TensorVariable = self.now_train_generator
        return {self.now_train_generator: 1.0 - switch} if self.alternate_g else {}

    def get_monitoring_channels(self, model: AdversaryPair, data: Batch, **kwargs: Any) -> dict[str, TensorVariable]:
        """Return the game's channels: false_negatives, false_positives, sample_grad_norm, objective_d, _g and _i."""
        channels = self._channels_of_verdicts(model, data)
        objectives = self.get_samples_and_objectives(model, data)
        show_d, show_g, show_i = self._players_monitored(model)
        if show_i and objectives.inferer is not None:
            channels["objective_i"] = objectives.inferer
        if show_d:
            channels["objective_d"] = objectives.discriminator
        if show_g:
            channels["objective_g"] = objectives.generator
        channels["now_train_generator"] = self.now_train_generator
        return channels

    def _channels_of_verdicts(self, model: AdversaryPair, data: Batch) -> dict[str, TensorVariable]:
        """What D makes of data and of samples, without dropout."""
        d = model.discriminator
        channels = {"false_negatives": _mean_of(d.fprop(data) < 0.5)}
        samples = self._monitoring_samples(model, data)
        verdict = d.fprop(samples)
        channels["false_positives"] = _mean_of(verdict > 0.5)
        (sample_grad,) = gradients_of(-d.cost_from_X((samples, verdict)), [_examples(samples)])
        return channels | {"sample_grad_norm": pt.sqrt(pt.sqr(sample_grad).sum())}

    def _players_monitored(self, model: AdversaryPair) -> tuple[bool, bool, bool]:
        """Whether the objectives of D, of G and of the inferer are channels."""
        return model.monitor_discriminator, model.monitor_generator, model.monitor_inference

    def _players_in_sum(self) -> tuple[bool, bool, bool]:
        """Whether the objectives of D, of G and of the inferer are part of the channel `objective`."""
        return self.ever_train_discriminator, self.ever_train_generator, self.ever_train_inference

    def _switches(self) -> dict[str, TensorSharedVariable]:
        switches = (self.now_train_generator, self.now_train_discriminator, self.now_train_inference)
        return {str(switch.name): switch for switch in switches}

    def get_state(self) -> dict[str, float]:
        """Return which players learn at present; a resumed run needs it."""
        return {name: float(switch.get_value()) for name, switch in self._switches().items()}

    def set_state(self, state: dict[str, float]) -> None:
        """Restore the state that `get_state` returned."""
        for name, switch in self._switches().items():
            switch.set_value(np.asarray(state[name], dtype=switch.dtype))


def _examples(batch: Batch) -> TensorVariable:
    """The examples of a batch for D, without the conditions that may go with them."""
    return batch[0] if isinstance(batch, tuple) else batch


def _without_gradient(batch: Batch) -> Batch:
    return tuple(map(disconnected_grad, batch)) if isinstance(batch, tuple) else disconnected_grad(batch)


def _switched(
    params: list[TensorSharedVariable], grads: list[TensorVariable], now: TensorSharedVariable, ever: bool
) -> Gradients:
    """Gradients times the switch `now`, or zeros for a player that never learns."""
    if not ever:
        return {param: pt.zeros_like(param) for param in params}
    return {param: now * grad for param, grad in zip(params, grads, strict=True)}


def _constant(value: int, batch_size: TensorVariable) -> TensorVariable:
    """A column of targets, shape (batch, 1)."""
    return cast(TensorVariable, pt.alloc(np.asarray(value, dtype=floatX()), batch_size, 1))


def _mean_of(condition: TensorVariable) -> TensorVariable:
    return pt.cast(condition, floatX()).mean()
