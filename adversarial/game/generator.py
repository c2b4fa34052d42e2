"""Generator: noise through an MLP; after goodfeli/adversarial's `__init__.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.errors import ConfigurationError
from adversarial.game.averaging import ExponentialAverage
from adversarial.game.noise import Kind, LearnedMixture, check_truncation, draw_noise, gaussian
from adversarial.game.parzen_graph import theano_parzen
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.names.slips import Slip
from adversarial.options import Count, Momentum01, OptionError, Positive, Probability, UsuallyProbability
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch, Conv2DSpace, Space, VectorSpace

#: 2014's seed of every generator's noise.
NOISE_SEED = 2014 * 5 + 27

#: A number of examples, known or symbolic.
Length = int | TensorVariable


class SampleAndNoise(NamedTuple):
    """Samples and what they were made from.

    Attributes
    ----------
    samples : TensorVariable or tuple
        G(z), a batch of the generator's output space.
    noise : TensorVariable or tuple
        The noise z, a batch of the generator's input space.
    hidden : list or None
        The outputs of the layers below the last, from input to output; None unless they were requested.
    """

    samples: Batch
    noise: Batch
    hidden: list[Batch] | None


class Generator(Model):
    """G of the paper (section 3): maps noise z to samples G(z).

    z is drawn in `get_noise`, from one stream of random numbers: each call takes its next variate.

    Parameters
    ----------
    mlp : MLP
        The network; its input space is that of z.
    noise : {'uniform', 'gaussian', 'spherical', 'unit_cube'} or LearnedMixture, default 'gaussian'
        The distribution p_z: uniform on (-sqrt 3, sqrt 3), standard normal (both have mean 0 and variance 1), standard
        normal scaled to norm 1, uniform on (0, 1), or a mixture that G learns. It is drawn in float32 whatever floatX
        is, as in 2014.
    monitor_ll : bool, default False
        Whether to monitor the Parzen-window log-likelihood of the data (channels ll and nll; section 5).
    ll_n_samples : int, default 100
        Number of samples for that estimate.
    ll_sigma : float, default .2
        Width of its Gaussians, in the data's units.
    average_decay : float, default 0
        Decay of an exponential average of the parameters over SGD's updates, from 0 up to, not including, 1, such as
        .999; 0 is no average. The averages are saved beside the parameters, which training goes on from, and the
        programs draw from them with `--averaged`. With `monitor_ll` their estimate is the channel ll_averaged.
    noise_seed : int, default 10097
        Seed of the stream that z is drawn from, at least 1; 2014 had one for every generator.

    See Also
    --------
    adversarial.game.sampling.samples_of : Draws samples as an array.

    Examples
    --------
    The generator of the paper's MNIST experiment:

    >>> from adversarial.models.linear import RectifiedLinear, Sigmoid
    >>> layers = [
    ...     RectifiedLinear(layer_name="h0", dim=1200, irange=0.05),
    ...     RectifiedLinear(layer_name="h1", dim=1200, irange=0.05),
    ...     Sigmoid(layer_name="y", dim=784, irange=0.05),
    ... ]
    >>> generator = Generator(MLP(layers, nvis=100), noise="uniform")
    >>> generator.get_output_space()
    VectorSpace(784)
    >>> generator.sample(16).type.ndim
    2
    """

    def __init__(
        self,
        mlp: MLP,
        noise: Kind | LearnedMixture = "gaussian",
        monitor_ll: bool = False,
        ll_n_samples: Count = 100,
        ll_sigma: Positive = 0.2,
        average_decay: Momentum01 = 0.0,
        noise_seed: Count = NOISE_SEED,
    ):
        self.mlp = mlp
        self.noise = noise
        self.monitor_ll = monitor_ll
        self.ll_n_samples = ll_n_samples
        self.ll_sigma = ll_sigma
        self._average = ExponentialAverage(average_decay) if average_decay else None
        self.theano_rng = MRG_RandomStreams(noise_seed)
        self._truncation: float | None = None
        if (space := getattr(mlp, "input_space", None)) is not None:
            self._set_noise_dimension(space.get_total_dimension())

    @property
    def distribution(self) -> Kind | LearnedMixture:
        """The distribution p_z that samples are made from."""
        return self.noise

    def _set_noise_dimension(self, dimension: int) -> None:
        """Let a learned p_z make its parameters."""
        if isinstance(self.noise, LearnedMixture):
            self.noise.set_dimension(dimension)

    def get_input_space(self) -> Space:
        return self.mlp.get_input_space()

    def get_output_space(self) -> Space:
        return self.mlp.get_output_space()

    def get_params(self) -> list[TensorSharedVariable]:
        return [*self.mlp.get_params(), *(self.noise.get_params() if isinstance(self.noise, LearnedMixture) else [])]

    def _all_params(self) -> list[TensorSharedVariable]:
        of_noise = self.noise.all_params() if isinstance(self.noise, LearnedMixture) else []
        return [*self.mlp._all_params(), *of_noise, *self.averages().values()]

    def averages(self) -> dict[TensorSharedVariable, TensorSharedVariable]:
        """Return the average of each parameter that training changes; none without `average_decay`."""
        return {} if self._average is None else self._average.means_of(self.get_params())

    def average(self, decay: float) -> None:
        """Begin a new average of the parameters, as of a generator with this `average_decay` before its first update.

        Parameters
        ----------
        decay : float
            Above 0, and below 1.
        """
        self._average = ExponentialAverage(decay)

    def describe_options(self) -> dict[str, Any]:
        """Return the options that rebuild this generator as it is."""
        return self.options | ({} if self._average is None else {"average_decay": self._average.decay})

    def use_averages(self) -> None:
        """Set the parameters to their averages, for samples of these; training should not go on from there.

        Raises
        ------
        ConfigurationError
            If there are none.
        """
        if not (averages := self.averages()):
            raise ConfigurationError("this model has no averaged parameters: it was trained without average_decay")
        for param, mean in averages.items():
            param.set_value(np.array(mean.get_value(borrow=True)))

    def averaging_updates(self, updates: Mapping[SharedVariable, Variable]) -> dict[SharedVariable, Variable]:
        return {} if self._average is None else self._average.updates_of(self.get_params(), updates)

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return self.mlp.get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.mlp.modify_updates(updates)

    def get_noise(self, size: int | tuple[Length, int]) -> TensorVariable:
        """Draw noise z ~ p_z; each call is a new variate.

        Parameters
        ----------
        size : int or tuple
            The number of examples, or (examples, dimension).

        Returns
        -------
        TensorVariable
            Shape (examples, dimension), float32; of a learned mixture floatX.
        """
        if isinstance(size, int):
            size = (size, self.get_input_space().get_total_dimension())
        if isinstance(self.noise, LearnedMixture):
            return self.noise.draw(self.theano_rng, size, self._truncation)
        return draw_noise(self.noise, self.theano_rng, size, self._truncation)

    def truncate_noise(self, deviations: float) -> None:
        """Let all z that are drawn from now on be near the mean of p_z; for samples, not for training.

        Each value of z is drawn from what of its distribution is at most so many standard deviations from its mean, of
        a learned mixture from that of its component.

        Parameters
        ----------
        deviations : float
            Above 0, and at most 4.

        Raises
        ------
        ConfigurationError
            If `deviations` is out of its range, or z is spherical.
        """
        check_truncation(self.distribution, deviations)
        self._truncation = deviations

    def _formatted_noise(self, num_samples: Length) -> Batch:
        """Noise z as a batch of the input space."""
        space = self.mlp.get_input_space()
        dimension = space.get_total_dimension()
        return VectorSpace(dimension).format_as(self.get_noise((num_samples, dimension)), space)

    def sample_and_noise(
        self,
        num_samples: Length,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
        all_g_layers: bool = False,
    ) -> SampleAndNoise:
        """Draw samples G(z), and return them with z.

        Parameters
        ----------
        num_samples : int or TensorVariable
            Number of samples.
        default_input_include_prob : float or None, default 1
            Probability that an input of a layer of G is included (dropout in G); None is 1.
        default_input_scale : float, default 1
            Factor on the inputs that are included.
        all_g_layers : bool, default False
            Whether to return the hidden layers' outputs as well.

        Returns
        -------
        SampleAndNoise
            The samples, z, and the hidden layers' outputs or None.
        """
        dropout = Dropout(default_input_include_prob, default_input_scale)
        return self.sample_of(self._formatted_noise(num_samples), dropout, all_g_layers)

    def sample_of(self, noise: Batch, dropout: Dropout, all_g_layers: bool = False) -> SampleAndNoise:
        """Return G(z) for noise z, a batch of the input space; the rest as `sample_and_noise`."""
        *hidden, samples = self.mlp.fprop(noise, return_all=True, dropout=dropout)
        return SampleAndNoise(samples, noise, hidden if all_g_layers else None)

    def sample(
        self, num_samples: Length, default_input_include_prob: float | None = 1.0, default_input_scale: float = 1.0
    ) -> Batch:
        """Draw samples G(z), a batch of the output space; see `sample_and_noise`."""
        return self.sample_and_noise(num_samples, default_input_include_prob, default_input_scale).samples

    def inpainting_sample_and_noise(
        self,
        X: TensorVariable,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
    ) -> tuple[TensorVariable, TensorVariable]:
        """Replace the right half of images by what G makes of the left half and noise.

        G reads the images with gaussian noise in place of the right half, and its output is the right half.

        Parameters
        ----------
        X : TensorVariable
            Images (batch, row, column, channel).
        default_input_include_prob : float or None, default 1
            As of `sample_and_noise`.
        default_input_scale : float, default 1
            As of `sample_and_noise`.

        Returns
        -------
        images : TensorVariable
            Like `X`.
        noise : TensorVariable
            Shape (batch, rows, columns / 2, channels), float32.
        """
        space = self.mlp.get_input_space()
        if X.ndim != 4 or not isinstance(space, Conv2DSpace):
            raise OptionError("Generator", "mlp", "mlp must read images, axes ('b', 0, 1, 'c'), to fill in half of one")
        if isinstance(self.noise, LearnedMixture):
            raise OptionError("Generator", "noise", "half of an image is filled in from gaussian noise, not a mixture")
        size, half = space.shape[0], space.shape[0] // 2
        missing = (X.shape[0], size, half, space.num_channels)
        noise = self.theano_rng.normal(size=missing, dtype="float32")
        dropout = Dropout(default_input_include_prob, default_input_scale)
        made = self.mlp.fprop(pt.set_subtensor(X[:, :, half:, :], noise), dropout=dropout)
        return pt.set_subtensor(X[:, :, half:, :], made.reshape(missing)), noise

    def ll(self, data: Batch, n_samples: int, sigma: float) -> TensorVariable:
        """Estimate the log-likelihood of data by a Parzen window of new samples (section 5).

        Parameters
        ----------
        data : TensorVariable
            A batch of the output space.
        n_samples : int
            Number of samples.
        sigma : float
            Width of their Gaussians, in the data's units.

        Returns
        -------
        TensorVariable
            Shape (batch,), in nats.
        """
        samples = self.sample(n_samples)
        space = self.mlp.get_output_space()
        if isinstance(space, Conv2DSpace):
            samples, data = (
                Conv2DSpace.convert(images, space.axes, ("b", 0, 1, "c")).flatten(2) for images in (samples, data)
            )
        return theano_parzen(data, samples, sigma)

    def get_monitoring_channels(self, data: Batch | None) -> dict[str, TensorVariable]:
        # As many as the first axis of the data says, which for c01b images counts channels: so it was in 2014.
        num_samples = 100 if data is None else data.shape[0]
        noise = self._formatted_noise(num_samples)
        images = not isinstance(self.mlp.get_input_space(), VectorSpace)
        channels = {}
        if not (images and Slip.CHANNELS_OF_IMAGES.repeated_by(self)):
            channels = self.mlp.get_monitoring_channels((noise, None))
        if self.monitor_ll:
            channels["ll"] = pt.cast(self.ll(data, self.ll_n_samples, self.ll_sigma), floatX()).mean()
            channels["nll"] = -channels["ll"]
            channels |= self._ll_of_averages(channels["ll"])
        return channels

    def _ll_of_averages(self, ll: TensorVariable) -> dict[str, TensorVariable]:
        """The channel of an estimate with the averages for the parameters, if there are any."""
        if not (averages := self.averages()):
            return {}
        # Of the same z: another variate would shift the streams of all that is built later.
        return {"ll_averaged": cast(TensorVariable, clone_replace(ll, list(averages.items())))}


class IntrinsicDropoutGenerator(Generator):
    """A generator whose dropout is part of it: always applied, whatever its caller requests.

    Its noise is gaussian, whatever `noise` is, as in 2014.

    Parameters
    ----------
    default_input_include_prob : float
        Probability, in (0, 1] as a rule, that an input of a layer is included.
    default_input_scale : float
        Factor on the inputs that are included; 1 over the probability preserves their mean.
    input_include_probs : dict, optional
        {layer name: probability} for layers that differ from the default.
    input_scales : dict, optional
        {layer name: scale} for layers that differ from the default.
    **kwargs : dict
        Options of `Generator`.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> mlp = MLP([Sigmoid(layer_name="y", dim=784, irange=0.05)], nvis=100)
    >>> generator = IntrinsicDropoutGenerator(mlp=mlp, default_input_include_prob=0.5, default_input_scale=2.0)
    >>> generator.dropout.include_prob("y")
    0.5
    """

    def __init__(
        self,
        default_input_include_prob: UsuallyProbability,
        default_input_scale: Positive,
        input_include_probs: dict[str, Probability] | None = None,
        input_scales: dict[str, Positive] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if isinstance(self.noise, LearnedMixture):
            raise OptionError(type(self).__name__, "noise", "its noise is gaussian, and no mixture is learned")
        self.dropout = Dropout(
            default_input_include_prob, default_input_scale, input_include_probs or {}, input_scales or {}
        )
        self.mlp.check_dropout(self.dropout)

    @property
    def distribution(self) -> Kind | LearnedMixture:
        """The distribution p_z that samples are made from: a normal, whatever `noise` is."""
        return "gaussian"

    def sample_of(self, noise: Batch, dropout: Dropout, all_g_layers: bool = False) -> SampleAndNoise:
        """Return G(z) under the generator's own dropout, whatever `dropout` is."""
        return super().sample_of(noise, self.dropout, all_g_layers)

    def sample_and_noise(
        self,
        num_samples: Length,
        default_input_include_prob: float | None = 1.0,
        default_input_scale: float = 1.0,
        all_g_layers: bool = False,
    ) -> SampleAndNoise:
        """Draw samples under the generator's own dropout; else as `Generator.sample_and_noise`.

        Parameters
        ----------
        num_samples : int or TensorVariable
            Number of samples.
        default_input_include_prob : float or None, default 1
            Without effect.
        default_input_scale : float, default 1
            Without effect.
        all_g_layers : bool, default False
            Whether to return the hidden layers' outputs as well.

        Returns
        -------
        SampleAndNoise
            The samples, z, and the hidden layers' outputs or None.
        """
        space = self.mlp.get_input_space()
        dimension = space.get_total_dimension()
        noise = gaussian(self.theano_rng, (num_samples, dimension), self._truncation)
        return self.sample_of(VectorSpace(dimension).format_as(noise, space), self.dropout, all_g_layers)
