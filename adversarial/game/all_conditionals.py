"""All conditionals p(x_S | rest): G completes images of which any part S is missing (section 7, extension 3).

A family of conditional games shares its parameters: G reads what is visible, the mask that says so, and z; D reads the
completed image and the mask. Masks are drawn anew for each example of each minibatch. `InpaintingAdversaryCost` is the
case of one fixed mask, and with nothing visible the game is that of section 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.distributions import ConditionDistribution
from adversarial.game.generator import Generator, Length, SampleAndNoise
from adversarial.game.masks import Masks
from adversarial.game.noise import Kind, LearnedMixture
from adversarial.game.objectives import AdversaryCost, Inputs
from adversarial.game.pair import AdversaryPair
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.models.model import Source
from adversarial.options import Count, Momentum01, OptionError, Positive
from adversarial.space import Batch, Space, VectorSpace


class _NothingVisible(ConditionDistribution):
    """The condition of a sample: no pixel is visible. It is the only one, and has the number 0."""

    def __init__(self, space: Space):
        self.space = space

    def sample(self, n: Length) -> TensorVariable:
        return pt.zeros((n, self.space.get_total_dimension()), dtype=floatX())

    def centres(self) -> np.ndarray:
        return np.zeros((1, self.space.get_total_dimension()), dtype=floatX())


class CompletingGenerator(ConditionalGenerator):
    """G(z, visible part, mask): completes images.

    It is a conditional generator whose condition is the visible part, with 0 for what is missing, beside the mask.
    Samples that are drawn without a condition are completions of nothing, so it serves wherever a generator does.

    Parameters
    ----------
    mlp : MLP
        The network, from (z, condition) to all pixels. It needs neither `nvis` nor `input_space`.
    pixels : int
        Values of an image.
    noise_dim : int, default 100
        Dimension of z.
    noise : {'uniform', 'gaussian', 'spherical', 'unit_cube'} or LearnedMixture, default 'gaussian'
        As of `Generator`.
    monitor_ll : bool, default False
        As of `Generator`; the samples are drawn with nothing visible.
    ll_n_samples : int, default 100
        As of `Generator`.
    ll_sigma : float, default .2
        As of `Generator`.
    average_decay : float, default 0
        As of `Generator`.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> generator = CompletingGenerator(MLP([Sigmoid(layer_name="y", dim=784, irange=0.05)]), 784, noise="uniform")
    >>> generator.get_input_space()
    CompositeSpace(VectorSpace(100), VectorSpace(1568))
    """

    def __init__(
        self,
        mlp: MLP,
        pixels: Count,
        noise_dim: Count = 100,
        noise: Kind | LearnedMixture = "gaussian",
        monitor_ll: bool = False,
        ll_n_samples: Count = 100,
        ll_sigma: Positive = 0.2,
        average_decay: Momentum01 = 0.0,
    ):
        space = VectorSpace(2 * pixels)
        super().__init__(
            mlp,
            space,
            _NothingVisible(space),
            noise_dim,
            noise=noise,
            monitor_ll=monitor_ll,
            ll_n_samples=ll_n_samples,
            ll_sigma=ll_sigma,
            average_decay=average_decay,
        )
        if mlp.get_output_space() != VectorSpace(pixels):
            reason = f"pixels is {pixels}, but mlp makes {mlp.get_output_space()}"
            raise OptionError("CompletingGenerator", "pixels", reason)

    def complete(self, images: TensorVariable, masks: TensorVariable, dropout: Dropout | None = None) -> SampleAndNoise:
        """Complete images; each call draws new noise.

        Parameters
        ----------
        images : TensorVariable
            Shape (batch, pixels).
        masks : TensorVariable
            Shape (batch, pixels): 1 where the image is visible, 0 where G fills it in.
        dropout : Dropout, optional
            Dropout in G; default none.

        Returns
        -------
        SampleAndNoise
            The completed images, whose visible pixels are those of `images` to the bit; (z, condition); None.
        """
        visible = pt.gt(masks, 0)
        condition = pt.concatenate([pt.switch(visible, images, 0.0), masks], axis=1)
        made = self.sample_under(pt.cast(condition, floatX()), dropout or Dropout.none())
        return made._replace(samples=pt.switch(visible, images, made.samples))

    def _monitored_conditions(self, data: Batch | None) -> Batch:
        return self.draw_conditions(100)  # nothing visible, whatever the data's masks

    def _parzen_of(self, data: Batch, sigma: float) -> TensorVariable:
        """The log-likelihood of whole images under samples with nothing visible."""
        return Generator.ll(self, data[0], self.ll_n_samples, sigma)


class AllConditionalsPair(AdversaryPair):
    """G that completes images and D that judges them, as one model; its data are whole images.

    Parameters
    ----------
    generator : CompletingGenerator
        G.
    discriminator : ConditionalDiscriminator
        D: reads an image and, as its condition, the mask.
    masks : Masks
        What is visible, in training and in the monitor.
    **kwargs : dict
        The other options of `AdversaryPair`.

    Examples
    --------
    >>> AllConditionalsPair(generator, discriminator, Masks(rows=28, columns=28))  # doctest: +SKIP
    """

    generator: CompletingGenerator

    def __init__(
        self, generator: CompletingGenerator, discriminator: ConditionalDiscriminator, masks: Masks, **kwargs: Any
    ):
        super().__init__(generator, discriminator, **kwargs)
        self.masks = masks
        made = generator.get_output_space().get_total_dimension()
        if made != masks.pixels:
            reason = f"masks are of {masks.rows} x {masks.columns} pixels, but the generator makes {made}"
            raise OptionError("AllConditionalsPair", "masks", reason)

    def makes_whole_examples(self) -> bool:
        """Return True: with nothing visible, G makes whole images."""
        return True

    def get_input_space(self) -> Space:
        return self.generator.get_output_space()

    def get_input_source(self) -> Source:
        return "features"

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: Batch) -> dict[str, TensorVariable]:
        """Return the channels of each player, D's on data under masks that are drawn, and on completions of nothing."""
        return super().get_monitoring_channels((data, self.masks.sample(data.shape[0])))

    def _samples_and_noise(self, count: int) -> tuple[Batch, Batch]:
        samples, (noise, _), _ = self.generator.sample_and_noise(count)
        return (samples, pt.zeros((count, self.masks.pixels), dtype=floatX())), noise


class AllConditionalsCost(AdversaryCost):
    """The cost of the game of all conditionals: D tells images from completions, given the mask; G completes.

    Its options are those of `AdversaryCost`. Objectives are those of section 3.

    Examples
    --------
    >>> AllConditionalsCost(scale_grads=False).scale_grads
    False
    """

    def _players_inputs(self, model: AdversaryPair, data: Batch, batch_size: TensorVariable) -> Inputs:
        pair = _pair(model)
        masks = pair.masks.sample(batch_size)
        samples, (noise, _), _ = pair.generator.complete(data, masks, self.generator_dropout)
        fake = samples, masks
        return Inputs(fake, noise, real=(data, masks), fake=fake)

    def _channels_of_verdicts(self, model: AdversaryPair, data: Batch) -> dict[str, TensorVariable]:
        return super()._channels_of_verdicts(model, (data, _pair(model).masks.sample(data.shape[0])))

    def _monitoring_samples(self, model: AdversaryPair, data: Batch) -> Batch:
        images, masks = data
        return _pair(model).generator.complete(images, masks).samples, masks


def _pair(model: AdversaryPair) -> AllConditionalsPair:
    """The model, if it is of this game."""
    if not isinstance(model, AllConditionalsPair):
        reason = f"the model must be an AllConditionalsPair, not a {type(model).__name__}"
        raise OptionError("AllConditionalsCost", "scale_grads", reason)
    return model
