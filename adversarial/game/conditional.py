"""The conditional game p(x | c), section 7 of the paper: both players read a condition, such as a label, beside theirs.

The names are those of hans/adversarial, in which users of 2015 wrote theirs; `yaml/conditional_mnist.yaml` is the
experiment of Mirza and Osindero (2014).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.errors import ConfigurationError
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.costs import AdversaryCost2
from adversarial.game.distributions import ConditionDistribution
from adversarial.game.generator import Generator, Length, SampleAndNoise
from adversarial.game.objectives import Inputs
from adversarial.game.pair import AdversaryPair
from adversarial.game.parzen_graph import theano_parzen
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.options import Count, OptionError, Positive, Probability
from adversarial.space import Batch, CompositeSpace, Conv2DSpace, Space, VectorSpace


class ConditionalGenerator(Generator):
    """G(z, c): noise and a condition through an MLP.

    Parameters
    ----------
    mlp : MLP
        The network. Its input space becomes that of pairs (z, c): all weights are drawn anew, as in 2015, so it needs
        neither `nvis` nor `input_space`.
    input_condition_space : Space
        The space of conditions.
    condition_distribution : OneHotDistribution or KernelDensityEstimateDistribution
        Where conditions come from unless they are given.
    noise_dim : int, default 100
        Dimension of z.
    **kwargs : dict
        Options of `Generator`. Its `ll_n_samples` has no effect: `monitor_ll` draws a sample for each example, under
        the example's own condition.

    Examples
    --------
    >>> from adversarial.game.distributions import OneHotDistribution
    >>> from adversarial.models.linear import Sigmoid
    >>> labels = VectorSpace(10)
    >>> generator = ConditionalGenerator(
    ...     MLP([Sigmoid(layer_name="y", dim=784, irange=0.05)]), labels, OneHotDistribution(labels), noise="uniform"
    ... )
    >>> generator.get_input_space()
    CompositeSpace(VectorSpace(100), VectorSpace(10))
    """

    def __init__(
        self,
        mlp: MLP,
        input_condition_space: Space,
        condition_distribution: ConditionDistribution,
        noise_dim: Count = 100,
        **kwargs: Any,
    ):
        super().__init__(mlp, **kwargs)
        self.condition_space = input_condition_space
        self.condition_distribution = condition_distribution
        self.noise_space = VectorSpace(noise_dim)
        self._set_noise_dimension(noise_dim)
        drawn = condition_distribution.get_space().get_total_dimension()
        if drawn != input_condition_space.get_total_dimension():
            reason = f"input_condition_space is {input_condition_space}, but conditions with {drawn} values are drawn"
            raise OptionError("ConditionalGenerator", "input_condition_space", reason)
        mlp.set_input_space(CompositeSpace([self.noise_space, input_condition_space]))

    def draw_conditions(self, count: Length) -> Batch:
        """Draw conditions, a batch of the condition space; each call is a new variate."""
        distribution = self.condition_distribution
        return distribution.get_space().format_as(distribution.sample(count), self.condition_space)

    def conditions_named(self, number: int, count: Length) -> Batch:
        """Return `count` times the condition that a number names: a class, or an example of a density estimate."""
        centre = self.condition_centres()
        if not 0 <= number < len(centre):
            raise ConfigurationError(f"the condition is {number}, but there are conditions 0 to {len(centre) - 1}")
        row = pt.as_tensor(centre[number])
        return VectorSpace(len(centre[number])).format_as(pt.alloc(row, count, row.shape[0]), self.condition_space)

    def condition_centres(self) -> np.ndarray:
        """Return the conditions that a number can name, a row each."""
        return self.condition_distribution.centres()

    def _noise_for(self, conditions: Batch) -> tuple[Batch, Batch]:
        """Noise for conditions, a pair of the input space."""
        noise = self.get_noise((self.condition_space.batch_size(conditions), self.noise_space.dim))
        return self.noise_space.format_as(noise, self.noise_space), conditions

    def sample_and_noise(
        self,
        num_samples: Length,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
        all_g_layers: bool = False,
        conditions: Batch | None = None,
    ) -> SampleAndNoise:
        """Draw samples G(z, c), and return them with (z, c).

        Parameters
        ----------
        num_samples : int or TensorVariable
            Number of samples; without effect where conditions are given.
        default_input_include_prob : float or None, default 1
            As of `Generator.sample_and_noise`; noise and conditions have a mask each.
        default_input_scale : float, default 1
            As of `Generator.sample_and_noise`.
        all_g_layers : bool, default False
            As of `Generator.sample_and_noise`.
        conditions : batch of the condition space, optional
            The conditions, one for each sample; by default they are drawn.

        Returns
        -------
        SampleAndNoise
            The samples, the pair (z, c), and the hidden layers' outputs or None.
        """
        conditions = self.draw_conditions(num_samples) if conditions is None else conditions
        return self.sample_under(conditions, Dropout(default_input_include_prob, default_input_scale), all_g_layers)

    def sample_under(self, conditions: Batch, dropout: Dropout, all_g_layers: bool = False) -> SampleAndNoise:
        """Draw a sample for each of the conditions; as `sample_and_noise`, with any dropout."""
        return self.sample_of(self._noise_for(conditions), dropout, all_g_layers)

    def _parzen_of(self, data: Batch, sigma: float) -> TensorVariable:
        """The log-likelihood of examples under samples, one for each, with the conditions of the examples."""
        examples, conditions = data
        samples, space = self.sample_and_noise(0, conditions=conditions).samples, self.get_output_space()
        if isinstance(space, Conv2DSpace):
            samples, examples = (
                Conv2DSpace.convert(images, space.axes, ("b", 0, 1, "c")).flatten(2) for images in (samples, examples)
            )
        return theano_parzen(examples, samples, sigma)

    def _monitored_conditions(self, data: Batch | None) -> Batch:
        """The conditions of the data, or 100 that are drawn without data."""
        return self.draw_conditions(100) if data is None else data[1]

    def get_monitoring_channels(self, data: Batch | None) -> dict[str, TensorVariable]:
        """Return the channels of the MLP under the conditions of the data, or under 100 that are drawn without data."""
        channels = self.mlp.get_monitoring_channels((self._noise_for(self._monitored_conditions(data)), None))
        if self.monitor_ll and data is not None:
            channels["ll"] = pt.cast(self._parzen_of(data, self.ll_sigma), floatX()).mean()
            channels["nll"] = -channels["ll"]
            channels |= self._ll_of_averages(channels["ll"])
        return channels


class ConditionalAdversaryPair(AdversaryPair):
    """G(z, c) and D(x, c) as one model; its data are pairs of examples and conditions.

    Parameters
    ----------
    generator : ConditionalGenerator
        G: makes samples from noise and conditions.
    discriminator : ConditionalDiscriminator
        D: its one output is the probability that an example is data, given its condition.
    data_space : Space
        The space of examples.
    condition_space : Space
        The space of conditions.
    **kwargs : dict
        The other options of `AdversaryPair`. An inferer reads pairs (G(z, c), c), and predicts z.

    Examples
    --------
    >>> ConditionalAdversaryPair(generator, discriminator, VectorSpace(784), VectorSpace(10))  # doctest: +SKIP
    """

    generator: ConditionalGenerator
    discriminator: ConditionalDiscriminator

    def __init__(
        self,
        generator: ConditionalGenerator,
        discriminator: ConditionalDiscriminator,
        data_space: Space,
        condition_space: Space,
        **kwargs: Any,
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.data_space = data_space
        self.condition_space = condition_space

    def makes_whole_examples(self) -> bool:
        """Return whether G's output has the size of D's examples."""
        return self.generator.get_output_space().get_total_dimension() == self.data_space.get_total_dimension()

    def _samples_and_noise(self, count: int) -> tuple[Batch, Batch]:
        samples, (noise, conditions), _ = self.generator.sample_and_noise(count)
        return (samples, conditions), noise


class ConditionalAdversaryCost(AdversaryCost2):
    """The cost of a conditional game: D learns data with their conditions, and samples with conditions that are drawn.

    Parameters
    ----------
    condition_distribution : OneHotDistribution or KernelDensityEstimateDistribution
        Where the conditions of samples come from; the generator's own may be given here too.
    generator_input_include_probs : dict, optional
        {layer name: probability} for layers of G that differ from `generator_default_input_include_prob`.
    generator_input_scales : dict, optional
        {layer name: factor} for layers of G that differ from `generator_default_input_scale`.
    **kwargs : dict
        Options of `AdversaryCost2`.

    Examples
    --------
    >>> from adversarial.game.distributions import OneHotDistribution
    >>> ConditionalAdversaryCost(OneHotDistribution(VectorSpace(10)), scale_grads=False).scale_grads
    False
    """

    gradients_first = True

    def __init__(
        self,
        condition_distribution: ConditionDistribution,
        generator_input_include_probs: dict[str, Probability] | None = None,
        generator_input_scales: dict[str, Positive] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.condition_distribution = condition_distribution
        self.generator_dropout = replace(
            self.generator_dropout,
            include_probs=generator_input_include_probs or {},
            scales=generator_input_scales or {},
        )

    def _sample(self, model: AdversaryPair, batch_size: TensorVariable, all_g_layers: bool = False) -> SampleAndNoise:
        generator = _generator(model)
        conditions = self._conditions(generator, batch_size)
        return generator.sample_under(conditions, self.generator_dropout, all_g_layers)

    def _conditions(self, generator: ConditionalGenerator, count: Length) -> Batch:
        distribution = self.condition_distribution
        return distribution.get_space().format_as(distribution.sample(count), generator.condition_space)

    def _players_inputs(self, model: AdversaryPair, data: Batch, batch_size: TensorVariable) -> Inputs:
        examples, conditions = data
        made = self._made(model, batch_size)
        noise, drawn = made.noise
        target = self._inference_target(model, made._replace(noise=noise))
        fake, real = self._with_noise(made.samples, examples)
        return Inputs((fake, drawn), target, real=(real, conditions), fake=(fake, drawn))

    def _monitoring_samples(self, model: AdversaryPair, data: Batch) -> Batch:
        # As many as the first axis of the examples says, which for c01b images counts channels: so it was in 2015.
        generator, count = _generator(model), data[0].shape[0]
        conditions = self._conditions(generator, count)
        return generator.sample_and_noise(count, conditions=conditions).samples, conditions


def _generator(model: AdversaryPair) -> ConditionalGenerator:
    """The conditional generator of a pair."""
    if not isinstance(model.generator, ConditionalGenerator):
        reason = f"a conditional game needs a ConditionalGenerator, not a {type(model.generator).__name__}"
        raise OptionError("ConditionalAdversaryCost", "condition_distribution", reason)
    return model.generator
