"""ParzenSums: a tile of samples is added to the Parzen windows at a tile of points, for many widths at once.

With d_ij = |x_i - m_j|^2 and a = 1 / (2 sigma^2), the state of point i is nearest_i, the least d_ij so far, and for
each width sum_j exp(-a (d_ij - nearest_i)), so that no sum over- or underflows. The distances come from one matrix
product, d_ij = a_i + b_j - 2 p_ij, which the graph computes, for all widths: with p_ij = x_i.m_j, a_i and b_j are
squared norms.

That difference cancels digits. In float64 the error is far below what anybody reports; in float32 it is not: for
images of 784 pixels in [0, 1] it is up to 1e-4, which a = 50 (a width of .1) makes 5e-3 nats. So the few pairs that
carry most of a sum are computed again, as sums of squared differences in float64. Which they are follows from a bound
`err` on the error of d: a pair further than `margin` from the nearest weighs at most exp(-a margin), and its error at
most a err of that; `margin` is such that all pairs of a tile beyond it add at most TOLERANCE. In wide windows a err is
below TOLERANCE and nothing is computed twice; in narrow windows few pairs carry weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.link.c.op import COp

from adversarial.engine.c.sources import CodeInHeaders

#: The largest error of a log-likelihood, in nats, from the pairs of a tile that are not computed again.
TOLERANCE = 3e-4


def error_bound(x_norm2: np.ndarray, y_norm2: float, x_terms: np.ndarray, m_terms: float, dim: int) -> np.ndarray:
    """Bound the error of a + b - 2 x.y in float32, for each point.

    Parameters
    ----------
    x_norm2 : array of float, shape (points,)
        The points' squared norms |x|^2.
    y_norm2 : float
        The largest of the samples' squared norms |y|^2.
    x_terms : array of float, shape (points,)
        The points' terms a.
    m_terms : float
        The largest of the samples' terms |b|.
    dim : int
        The length of x and y.

    Returns
    -------
    array of float, shape (points,)
        The bounds.

    Notes
    -----
    The product of two vectors in float32 is off by at most about u sqrt(dim) |x| |y|, where u is half a unit in the
    last place: the probabilistic bound of Higham and Mary (2019). On MNIST the largest of 2e7 errors was a third of it.
    """
    u = np.finfo(np.float32).eps / 2
    return 2 * u * (np.sqrt(dim * x_norm2 * y_norm2) + x_terms + m_terms)


class ParzenSums(CodeInHeaders, COp):
    """Add the samples of a tile to the running sums of a tile of points.

    Inputs, in float32 or float64 (`real`) where not said otherwise:

    product : (points, samples) real
    x, m : (points, dim), (samples, dim) real
    x_terms, m_terms : (points,), (samples,) float64, so that |x_i - m_j|^2 = x_terms_i + m_terms_j - 2 product_ij
    errors : (points,) float64, bounds on the error of that; 0 where it is as good as exact
    inverse_widths : (widths,) float64, 1 / (2 sigma^2)
    nearest : (points,) float64, least squared distance so far; infinite before the first tile
    sums : (points, widths) float64

    Outputs: the new nearest and sums.
    """

    __props__ = ()
    headers = ("parzen.h",)

    def make_node(self, *inputs: pt.TensorLike) -> Apply:
        product, x, m, *others = (pt.as_tensor(value) for value in inputs)
        dtypes = {product.dtype, x.dtype, m.dtype}
        if dtypes not in ({"float32"}, {"float64"}):
            raise TypeError(f"product, x and m must be alike float32 or float64, not {', '.join(sorted(dtypes))}")
        if [value.ndim for value in (product, x, m, *others)] != [2, 2, 2, 1, 1, 1, 1, 1, 2]:
            raise TypeError("ParzenSums takes three matrices, five vectors and a matrix")
        others = [pt.cast(value, "float64") for value in others]
        return Apply(self, [product, x, m, *others], [others[4].type(), others[5].type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        product, x, m, x_terms, m_terms, errors, inverse_widths, nearest, sums = inputs
        partial = m_terms.astype(product.dtype) - 2 * product
        distances = partial.astype(np.float64) + x_terms[:, None]
        each = np.minimum(1, np.outer(errors, inverse_widths))
        margins = np.log(np.maximum(each, TOLERANCE) * m.shape[0] / TOLERANCE) / inverse_widths
        margin = np.where(each > TOLERANCE, margins, 0).max(axis=1)
        if margin.any():
            limit = np.minimum(nearest, distances.min(axis=1)) + np.where(margin > 0, margin + 2 * errors, 0)
            rows, columns = np.nonzero(distances <= limit[:, None])
            for start in range(0, len(rows), 4096):
                i, j = rows[start : start + 4096], columns[start : start + 4096]
                differences = x[i].astype(np.float64) - m[j]
                distances[i, j] = np.einsum("ij,ij->i", differences, differences)
        distances = np.maximum(distances, 0)
        new_nearest = np.minimum(nearest, distances.min(axis=1))
        new_sums = np.zeros_like(sums)
        begun = np.isfinite(nearest)
        new_sums[begun] = sums[begun] * np.exp(np.outer(new_nearest[begun] - nearest[begun], inverse_widths))
        beyond = (new_nearest[:, None] - distances).astype(product.dtype)
        for k, inverse_width in enumerate(inverse_widths):
            new_sums[:, k] += np.exp(product.dtype.type(inverse_width) * beyond).sum(axis=1, dtype=np.float64)
        output_storage[0][0], output_storage[1][0] = new_nearest, new_sums

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp-simd", "-O3"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        return f"""
            PyArrayObject* const in[9] = {{{", ".join(inputs)}}};
            if (!adversarial::parzen_sums<npy_{node.inputs[0].type.dtype}>(in, {TOLERANCE!r}, {", ".join(outputs)})) {{
                {sub["fail"]}
            }}
        """
