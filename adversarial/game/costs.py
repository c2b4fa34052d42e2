"""The costs of goodfeli/adversarial: the game of game/objectives.py, with variants of what each player learns from."""

from __future__ import annotations

from typing import Any

from pytensor.tensor.variable import TensorVariable

from adversarial.game.generator import SampleAndNoise
from adversarial.game.objectives import AdversaryCost, Inputs, Verdicts
from adversarial.game.pair import AdversaryPair
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.names.slips import Slip
from adversarial.options import NonNegative, OptionError, nearest
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch

#: 2014's seed of the noise that `noise_both` adds: 2014 / 6 + 2, divided as Python 2 divides.
NOISE_BOTH_SEED = 2014 // 6 + 2


class NoiseAdversaryCost(AdversaryCost):
    """What the three costs share whose samples are made from noise alone.

    Parameters
    ----------
    infer_layer : int or str, optional
        The hidden layer of G, by index or name, whose output the inferer learns to predict; default: it predicts z.
    noise_both : float, default 0
        Standard deviation of gaussian noise that is added to D's inputs, data and samples alike.
    **kwargs : dict
        Options of `AdversaryCost`.

    Examples
    --------
    >>> NoiseAdversaryCost(infer_layer="h1", noise_both=0.1).infer_layer
    'h1'
    """

    def __init__(self, infer_layer: int | str | None = None, noise_both: NonNegative = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.infer_layer = infer_layer
        self.noise_both = noise_both

    def _players_inputs(self, model: AdversaryPair, data: Batch, batch_size: TensorVariable) -> Inputs:
        made = self._made(model, batch_size)
        fake, real = self._with_noise(made.samples, data)
        return Inputs(fake, self._inference_target(model, made), real=real, fake=fake)

    def _made(self, model: AdversaryPair, batch_size: TensorVariable) -> SampleAndNoise:
        """Samples under G's dropout, with what they were made from."""
        if not model.makes_whole_examples():
            made, read = model.generator.get_output_space(), model.discriminator.get_input_space()
            raise OptionError("AdversaryPair", "generator", f"the generator makes {made}, but D reads {read}")
        return self._sample(model, batch_size, all_g_layers=self.infer_layer is not None)

    def _inference_target(self, model: AdversaryPair, made: SampleAndNoise) -> Batch:
        """What the inferer should predict: z, or a hidden layer of G."""
        if self.infer_layer is None or made.hidden is None:
            return made.noise
        return made.hidden[self._infer_index(self.infer_layer, model.generator.mlp)]

    def _with_noise(self, samples: TensorVariable, data: TensorVariable) -> tuple[TensorVariable, TensorVariable]:
        """Samples and data as D reads them, with the noise of `noise_both`."""
        if self.noise_both == 0.0:
            return samples, data
        streams = MRG_RandomStreams(NOISE_BOTH_SEED)
        level = self._noise_level()
        noisy = [each + streams.normal(size=each.shape, dtype=each.dtype) * level for each in (samples, data)]
        return noisy[0], noisy[1]

    def _noise_level(self) -> float | TensorVariable:
        """The standard deviation of that noise at present."""
        return self.noise_both

    def _infer_index(self, layer: int | str, mlp: MLP) -> int:
        hidden = [str(name) for name in mlp.layer_names[:-1]]
        hint = ""
        if isinstance(layer, str):
            if layer in hidden:
                return hidden.index(layer)
            hint = nearest(layer, hidden)
        elif -len(hidden) <= layer < len(hidden):
            return layer
        reason = f"infer_layer is {layer!r}, but the generator's hidden layers are {', '.join(hidden)}{hint}"
        raise OptionError(type(self).__name__, "infer_layer", reason)


class AdversaryCost2(NoiseAdversaryCost):
    """The cost of the paper's experiments: equation (1) for D, -log D(G(z)) for G.

    Parameters
    ----------
    blend_obj : bool, default False
        Whether G minimizes the average of its own objective, weighted by `zurich_coeff`, and the negative of D's
        (the minimax game of equation (1)), weighted by `minimax_coeff`.
    minimax_coeff : float, default 1
        Weight of the minimax game.
    zurich_coeff : float, default 1
        Weight of -log D(G(z)).
    **kwargs : dict
        Options of `NoiseAdversaryCost`.

    Examples
    --------
    The cost of yaml/mnist.yaml, with its dropout in D:

    >>> cost = AdversaryCost2(
    ...     scale_grads=False,
    ...     discriminator_default_input_include_prob=0.5,
    ...     discriminator_input_include_probs={"h0": 0.8},
    ...     discriminator_default_input_scale=2.0,
    ...     discriminator_input_scales={"h0": 1.25},
    ... )
    >>> cost.discriminator_dropout.include_prob("h1")
    0.5
    """

    def __init__(self, blend_obj: bool = False, minimax_coeff: float = 1.0, zurich_coeff: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.blend_obj = blend_obj
        self.minimax_coeff = minimax_coeff
        self.zurich_coeff = zurich_coeff
        if blend_obj and minimax_coeff + zurich_coeff == 0:
            raise OptionError("AdversaryCost2", "zurich_coeff", "minimax_coeff and zurich_coeff must not add up to 0")

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        zurich = super()._generator_objective(d, verdicts, one, d_obj)
        if not self.blend_obj:
            return zurich
        weights = self.zurich_coeff + self.minimax_coeff
        return (self.zurich_coeff * zurich - self.minimax_coeff * d_obj) / weights


class ThresholdedAdversaryCost(NoiseAdversaryCost):
    """A cost in which G learns only from samples that D recognizes as samples: D(G(z)) < 1/2.

    Its options are those of `NoiseAdversaryCost`.

    Examples
    --------
    >>> ThresholdedAdversaryCost(scale_grads=False).noise_both
    0.0
    """

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return self._masked_generator_objective(d, verdicts, one, threshold=0.5)

    @staticmethod
    def _masked_generator_objective(
        d: MLP, verdicts: Verdicts, one: TensorVariable, threshold: float
    ) -> TensorVariable:
        costs = d.layers[-1].cost_matrix(one, verdicts.fake_for_generator)
        return (costs * (verdicts.fake < threshold)).mean()


class LazyAdversaryCost(ThresholdedAdversaryCost):
    """A cost in which each player learns only from examples that it does not yet win by a margin.

    Parameters
    ----------
    g_eps : float, default 0
        G learns from samples with D(G(z)) < 1/2 + g_eps.
    d_eps : float, default 0
        D learns from data with D(x) < 1/2 + d_eps and from samples with D(G(z)) > 1/2 - d_eps.
    **kwargs : dict
        Options of `ThresholdedAdversaryCost`.

    Examples
    --------
    >>> LazyAdversaryCost(g_eps=0.1, d_eps=0.05).g_eps
    0.1
    """

    def __init__(self, g_eps: float = 0.0, d_eps: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.g_eps = g_eps
        self.d_eps = d_eps

    def _discriminator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, zero: TensorVariable
    ) -> TensorVariable:
        last = d.layers[-1]
        real = ((verdicts.real < 0.5 + self.d_eps) * last.cost_matrix(one, verdicts.real)).mean()
        fake = ((verdicts.fake > 0.5 - self.d_eps) * last.cost_matrix(zero, verdicts.fake)).mean()
        return 0.5 * (real + fake)

    def _generator_objective(
        self, d: MLP, verdicts: Verdicts, one: TensorVariable, d_obj: TensorVariable
    ) -> TensorVariable:
        return self._masked_generator_objective(d, verdicts, one, threshold=0.5 + self.g_eps)


class InpaintingAdversaryCost(AdversaryCost):
    """A cost in which G makes the right half of an image from its left half; images have axes ('b', 0, 1, 'c').

    Its options are those of `AdversaryCost`. As in 2014, its objectives are channels whatever `monitor_*` of the
    pair say, and the channel `objective` is their sum whatever `ever_train_*` say.

    Examples
    --------
    >>> InpaintingAdversaryCost(generator_default_input_include_prob=0.5).generator_dropout.default_include_prob
    0.5
    """

    def _players_inputs(self, model: AdversaryPair, data: Batch, batch_size: TensorVariable) -> Inputs:
        dropout = self.generator_dropout
        samples, noise = model.generator.inpainting_sample_and_noise(
            data, dropout.default_include_prob, dropout.default_scale
        )
        return Inputs(samples, noise, real=data, fake=samples)

    def _undropped(self, d: MLP, inputs: Inputs, fake: TensorVariable) -> TensorVariable:
        undropped = d.fprop(inputs.fake, dropout=Dropout.none())
        return fake if Slip.INPAINTING_NO_DROP.repeated_by(self) else undropped

    def _monitoring_samples(self, model: AdversaryPair, data: Batch) -> TensorVariable:
        return model.generator.inpainting_sample_and_noise(data)[0]

    def _players_monitored(self, model: AdversaryPair) -> tuple[bool, bool, bool]:
        return True, True, True

    def _players_in_sum(self) -> tuple[bool, bool, bool]:
        return True, True, True
