"""A trained pair made conditional, to be trained on; after hans/adversarial's `conditional/retrain.py`."""

from __future__ import annotations

from collections.abc import Sequence

from adversarial.game.conditional import ConditionalAdversaryPair, ConditionalGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.distributions import ConditionDistribution
from adversarial.game.pair import AdversaryPair
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.options import Count, Fraction, NonNegative, configurable
from adversarial.space import Space


@configurable
def make_conditional(
    pretrained_model: AdversaryPair,
    generator_new_W_irange: NonNegative,
    condition_space: Space,
    condition_distribution: ConditionDistribution,
    discriminator_condition_mlp: MLP,
    discriminator_joint_mlp: MLP,
    input_source: str | Sequence[str] = ("features", "condition"),
    inferer: MLP | None = None,
    inference_monitoring_batch_size: Count = 128,
    monitor_generator: bool = True,
    monitor_discriminator: bool = True,
    monitor_inference: bool = True,
    shrink_d: Fraction = 0.0,
) -> ConditionalAdversaryPair:
    """Return a conditional pair made of the layers of a trained one: RetrainingConditionalAdversaryPair of 2015.

    The first layer of G reads the condition beside z. D without its output layer becomes the network that reads
    examples. As in 2015, all weights are drawn anew and only the biases are those that were trained.

    Parameters
    ----------
    pretrained_model : AdversaryPair
        The trained pair; its layers are taken from it.
    generator_new_W_irange : float
        As in 2015 without effect but on later random numbers: the range of the new weights of G's first layer.
    condition_space : Space
        The space of conditions.
    condition_distribution : OneHotDistribution or KernelDensityEstimateDistribution
        Where the generator's conditions come from.
    discriminator_condition_mlp : MLP
        `condition_mlp` of `ConditionalDiscriminator`.
    discriminator_joint_mlp : MLP
        `joint_mlp` of `ConditionalDiscriminator`.
    input_source : list of str, default ['features', 'condition']
        As of `ConditionalDiscriminator`.
    inferer : MLP, optional
        As of `AdversaryPair`.
    inference_monitoring_batch_size : int, default 128
        As of `AdversaryPair`.
    monitor_generator : bool, default True
        As of `AdversaryPair`.
    monitor_discriminator : bool, default True
        As of `AdversaryPair`.
    monitor_inference : bool, default True
        As of `AdversaryPair`.
    shrink_d : float, default 0
        As of `AdversaryPair`.

    Returns
    -------
    ConditionalAdversaryPair
        The conditional pair.

    Examples
    --------
    >>> make_conditional(
    ...     load_model("pair.pkl"), 0.005, labels, OneHotDistribution(labels), condition_mlp, joint_mlp
    ... )  # doctest: +SKIP
    """
    old_G, old_D = pretrained_model.generator, pretrained_model.discriminator
    noise_dim, random = old_G.get_input_space().get_total_dimension(), old_G.mlp.rng
    first_units = old_G.mlp.layers[0].get_output_space().get_total_dimension()
    # The rows of W for the condition, which 2015 drew and then drew anew with the rest.
    random.uniform(
        -generator_new_W_irange, generator_new_W_irange, (condition_space.get_total_dimension(), first_units)
    )
    mlp = MLP(_freed(old_G.mlp.layers))
    mlp.rng = random
    generator = ConditionalGenerator(
        mlp, condition_space, condition_distribution, noise_dim=noise_dim, noise=old_G.noise
    )
    discriminator = ConditionalDiscriminator(
        MLP(_freed(old_D.layers[:-1]), layer_name="data_mlp"),
        discriminator_condition_mlp,
        discriminator_joint_mlp,
        old_D.get_input_space(),
        condition_space,
        input_source=input_source,
    )
    return ConditionalAdversaryPair(
        generator,
        discriminator,
        old_D.get_input_space(),
        condition_space,
        inferer=inferer,
        inference_monitoring_batch_size=inference_monitoring_batch_size,
        monitor_generator=monitor_generator,
        monitor_discriminator=monitor_discriminator,
        monitor_inference=monitor_inference,
        shrink_d=shrink_d,
    )


def _freed(layers: list[Layer]) -> list[Layer]:
    """Layers that can become part of another MLP."""
    for layer in layers:
        layer.parent = None
    return list(layers)
