"""PretrainedLayer: a model that was trained before, as a layer; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.blocks import Block
from adversarial.models.layer import Layer
from adversarial.options import OptionError
from adversarial.space import Batch, Space


class PretrainedLayer(Layer):
    """An autoencoder or a Boltzmann machine that was trained before, as a layer: its codes are the output.

    Layers trained one on the other, then fine-tuned together by an MLP, make a deep network of 2006 to 2012.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    layer_content : Block
        The model, in YAML read by ``!pkl:``. Its parameters become the layer's, those included that codes do not
        depend on.
    freeze_params : bool, default False
        Whether training leaves the parameters as they are.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> from adversarial.models.rbm import RBM
    >>> MLP([PretrainedLayer(layer_name="h0", layer_content=RBM(nvis=6, nhid=4))], nvis=6).get_output_space()
    VectorSpace(4)
    """

    def __init__(self, layer_name: str, layer_content: Block, freeze_params: bool = False):
        self.layer_name = layer_name
        self.layer_content = layer_content
        self.freeze_params = freeze_params

    def set_input_space(self, space: Space) -> None:
        own = self.get_input_space()
        if own != space:
            reason = f"layer_content reads {own}, but the layer below it gives {space}"
            raise OptionError(f"PretrainedLayer '{self.layer_name}'", "layer_content", reason)

    def get_input_space(self) -> Space:
        return self.layer_content.get_input_space()

    def get_output_space(self) -> Space:
        return self.layer_content.get_output_space()

    def get_params(self) -> list[TensorSharedVariable]:
        return [] if self.freeze_params else self.layer_content.get_params()

    def _all_params(self) -> list[TensorSharedVariable]:
        return self.layer_content._all_params()

    def fprop(self, state_below: TensorVariable) -> Batch:
        return self.layer_content(state_below)
