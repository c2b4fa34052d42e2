"""SoftmaxRegression: an MLP that is one Softmax layer; after Pylearn2's namesake."""

from __future__ import annotations

from adversarial.datasets.dataset import Dataset
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax
from adversarial.options import Count, Index, NonNegative, NormLimit
from adversarial.space import Space


class SoftmaxRegression(MLP):
    """Softmax regression: an MLP without hidden layers, whose one layer, 'y', is a Softmax.

    Parameters
    ----------
    n_classes : int
        Number of classes, at least 1.
    batch_size : int, optional
        Number of examples in every minibatch.
    input_space : Space, optional
        The space of the input. Either this or `nvis` is given.
    irange : float, optional
        As of `Softmax`; exactly one of `irange`, `istdev` and `sparse_init` is given.
    istdev : float, optional
        As of `Softmax`.
    W_lr_scale : float, optional
        Factor on the learning rate of the weights, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of the biases, default 1.
    max_row_norm : float, optional
        Limit on the norm of the weights of each input after each update.
    max_col_norm : float, optional
        Limit on the norm of the weights of each class after each update.
    sparse_init : int, optional
        As of `Softmax`.
    init_bias_target_marginals : Dataset, optional
        As of `Softmax`.
    nvis : int, optional
        Number of inputs.
    seed : int or list of int, default [2013, 1, 4]
        Seed of the initial weights.

    Examples
    --------
    >>> SoftmaxRegression(n_classes=10, irange=0.0, nvis=784).get_output_space()
    VectorSpace(10)
    """

    def __init__(
        self,
        n_classes: Count,
        batch_size: Count | None = None,
        input_space: Space | None = None,
        irange: NonNegative | None = None,
        istdev: NonNegative | None = None,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        max_row_norm: NormLimit | None = None,
        max_col_norm: NormLimit | None = None,
        sparse_init: Index | None = None,
        init_bias_target_marginals: Dataset | None = None,
        nvis: Count | None = None,
        seed: int | list[int] | None = None,
    ):
        y = Softmax(
            n_classes=n_classes,
            layer_name="y",
            irange=irange,
            istdev=istdev,
            sparse_init=sparse_init,
            W_lr_scale=W_lr_scale,
            b_lr_scale=b_lr_scale,
            max_row_norm=max_row_norm,
            max_col_norm=max_col_norm,
            init_bias_target_marginals=init_bias_target_marginals,
        )
        super().__init__([y], batch_size=batch_size, input_space=input_space, nvis=nvis, seed=seed)

    def describe_options(self) -> dict:
        """Return the constructor options that build this model anew."""
        return self.options
