"""ParzenSums: a tile of samples joins the Parzen windows at a tile of points, for many widths at once.

With d_ij = |x_i - m_j|^2 and a = 1 / (2 sigma^2), the state of point i is nearest_i, the least d_ij so far, and for
each width sum_j exp(-a (d_ij - nearest_i)), so that no sum over- or underflows. The distances come from one matrix
product, d_ij = a_i + b_j - 2 p_ij, which the graph makes and all widths share: with p_ij = x_i.m_j, a_i and b_j are
squared norms.

That difference cancels. In float64 what is left is far below what anybody reports; in float32 it is not: for images of
784 pixels in [0, 1] it is up to 1e-4, which a = 50 (a width of .1) makes 5e-3 nats. So the few pairs that carry a sum's
weight are measured again, as sums of squared differences in float64. Which they are follows from a bound `err` on the
error of d: a pair further than `margin` from the nearest weighs at most exp(-a margin), and its error at most a err
of that; `margin` is such that all pairs of a tile beyond it add at most TOLERANCE. In wide windows a err is below
TOLERANCE and nothing is measured twice; in narrow windows few pairs carry weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.link.c.op import COp

#: Most that the pairs of a tile that are not measured again may add to a log-likelihood, in nats.
TOLERANCE = 3e-4


def error_bound(x_norm2: np.ndarray, y_norm2: float, x_terms: np.ndarray, m_terms: float, dim: int) -> np.ndarray:
    """A bound on the error of a + b - 2 x.y in float32, for each point.

    Of the points are |x|^2, `x_norm2`, and a, `x_terms`; of the samples the most that |y|^2 and |b| are, `y_norm2` and
    `m_terms`.

    The product of two vectors in float32 is off by at most about u sqrt(dim) |x| |y|, where u is half a unit in the
    last place: the probabilistic bound of Higham and Mary (2019). On MNIST the largest of 2e7 errors was a third of it.
    """
    u = np.finfo(np.float32).eps / 2
    return 2 * u * (np.sqrt(dim * x_norm2 * y_norm2) + x_terms + m_terms)


class ParzenSums(COp):
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

    def make_node(self, *inputs: Any) -> Apply:
        product, x, m, *others = (pt.as_tensor(value) for value in inputs)
        dtypes = {product.dtype, x.dtype, m.dtype}
        if dtypes not in ({"float32"}, {"float64"}):
            raise TypeError(f"product, x and m must be alike float32 or float64, not {', '.join(sorted(dtypes))}")
        if [value.ndim for value in (product, x, m, *others)] != [2, 2, 2, 1, 1, 1, 1, 1, 2]:
            raise TypeError("ParzenSums takes three matrices, five vectors and a matrix")
        others = [pt.cast(value, "float64") for value in others]
        return Apply(self, [product, x, m, *others], [others[4].type(), others[5].type()])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
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
        return ["-fopenmp", "-O3"]

    def c_code_cache_version(self) -> tuple[float, ...]:
        return (2, TOLERANCE)

    def c_headers(self, **kwargs: Any) -> list[str]:
        return ["<vector>", "<limits>", "<cmath>", "<algorithm>"]

    def c_support_code(self, **kwargs: Any) -> str:
        return _C_SUPPORT.replace("@TOLERANCE@", repr(TOLERANCE))

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        real = f"npy_{node.inputs[0].dtype}"
        held = ", ".join(f"(PyArrayObject*)PyArray_GETCONTIGUOUS({value})" for value in inputs)
        nearest, sums = outputs
        return f"""
        {{
            PyArrayObject* in[9] = {{ {held} }};
            bool fits = true;
            for (int k = 0; k < 9; ++k) fits = fits && in[k];
            const npy_intp points = fits ? PyArray_DIM(in[1], 0) : 0, samples = fits ? PyArray_DIM(in[2], 0) : 0;
            const npy_intp dim = fits ? PyArray_DIM(in[1], 1) : 0, widths = fits ? PyArray_DIM(in[6], 0) : 0;
            fits = fits && samples > 0 && PyArray_DIM(in[0], 0) == points && PyArray_DIM(in[0], 1) == samples
                && PyArray_DIM(in[2], 1) == dim && PyArray_DIM(in[3], 0) == points && PyArray_DIM(in[4], 0) == samples
                && PyArray_DIM(in[5], 0) == points && PyArray_DIM(in[7], 0) == points
                && PyArray_DIM(in[8], 0) == points && PyArray_DIM(in[8], 1) == widths;
            Py_XDECREF({nearest});
            Py_XDECREF({sums});
            {nearest} = fits ? (PyArrayObject*)PyArray_NewCopy(in[7], NPY_CORDER) : NULL;
            {sums} = fits ? (PyArrayObject*)PyArray_NewCopy(in[8], NPY_CORDER) : NULL;
            if ({nearest} && {sums})
                parzen_sums<{real}>(
                    (const {real}*)PyArray_DATA(in[0]), (const {real}*)PyArray_DATA(in[1]),
                    (const {real}*)PyArray_DATA(in[2]), (const double*)PyArray_DATA(in[3]),
                    (const double*)PyArray_DATA(in[4]), (const double*)PyArray_DATA(in[5]),
                    (const double*)PyArray_DATA(in[6]), (double*)PyArray_DATA({nearest}),
                    (double*)PyArray_DATA({sums}), points, samples, dim, widths);
            for (int k = 0; k < 9; ++k) Py_XDECREF(in[k]);
            if (!{nearest} || !{sums}) {{
                if (!PyErr_Occurred())
                    PyErr_SetString(PyExc_ValueError, "the arrays given to ParzenSums do not fit each other");
                {sub["fail"]}
            }}
        }}
        """


# exp of a float is written out so that the compiler makes vector instructions of it: 2^t = 2^n 2^f with n the nearest
# integer and a polynomial for 2^f on [-.5, .5], within 1e-6 of exp down to e^-20, 2e-7 near 1. In float64, terms below
# e^-80 of the largest are no part of a sum.
_C_SUPPORT = r"""
#ifndef ADVERSARIAL_PARZEN
#define ADVERSARIAL_PARZEN
static inline float parzen_exp(float y)
{
    const float to_integer = 12582912.f;  // 1.5 * 2^23: the integer is then in the low bits
    float t = y * 1.44269504f;
    t = t < -125.f ? -125.f : t;
    const float shifted = t + to_integer;
    const float f = t - (shifted - to_integer);
    float p = 1.535336188e-4f;
    p = p * f + 1.339887440e-3f;
    p = p * f + 9.618437357e-3f;
    p = p * f + 5.550332548e-2f;
    p = p * f + 2.402264791e-1f;
    p = p * f + 6.931472028e-1f;
    p = p * f + 1.f;
    union { float real; npy_int32 bits; } power, result;
    power.real = shifted;
    result.real = p;
    result.bits += (npy_int32)((npy_uint32)power.bits << 23);
    return result.real;
}

static inline double parzen_sum(const float* beyond, npy_intp count, double inverse_width)
{
    const float a = (float)inverse_width;
    double total = 0;
    for (npy_intp start = 0; start < count; start += 512) {
        const npy_intp stop = std::min(start + 512, count);
        float part = 0;
        #pragma omp simd reduction(+ : part)
        for (npy_intp j = start; j < stop; ++j) part += parzen_exp(a * beyond[j]);
        total += part;
    }
    return total;
}

static inline double parzen_sum(const double* beyond, npy_intp count, double inverse_width)
{
    double total = 0;
    for (npy_intp j = 0; j < count; ++j) {
        const double y = inverse_width * beyond[j];
        if (y > -80) total += std::exp(y);
    }
    return total;
}

template <typename real>
static double parzen_distance(const real* x, const real* m, npy_intp dim)
{
    double total = 0;
    #pragma omp simd reduction(+ : total)
    for (npy_intp k = 0; k < dim; ++k) {
        const double difference = (double)x[k] - (double)m[k];
        total += difference * difference;
    }
    return total;
}

template <typename real>
static void parzen_sums(const real* product, const real* x, const real* m, const double* x_terms,
                        const double* m_terms, const double* errors, const double* inverse_widths, double* nearest,
                        double* sums, npy_intp points, npy_intp samples, npy_intp dim, npy_intp widths)
{
    const std::vector<real> m_terms_real(m_terms, m_terms + samples);
    #pragma omp parallel
    {
        std::vector<real> beyond_(samples);
        std::vector<npy_intp> again;
        std::vector<double> measured;
        real* beyond = beyond_.data();
        #pragma omp for schedule(dynamic, 16)
        for (npy_intp i = 0; i < points; ++i) {
            const real* row = product + i * samples;
            const real* terms = m_terms_real.data();
            real lowest = std::numeric_limits<real>::infinity();
            #pragma omp simd reduction(min : lowest)
            for (npy_intp j = 0; j < samples; ++j) {
                const real partial = terms[j] - 2 * row[j];
                beyond[j] = partial;
                lowest = partial < lowest ? partial : lowest;
            }
            const double term = x_terms[i], err = errors[i];
            double least = std::min(nearest[i], std::max(0., term + lowest));
            double margin = 0;
            for (npy_intp k = 0; k < widths; ++k) {
                const double a = inverse_widths[k], each = std::min(1., a * err);
                if (each > @TOLERANCE@) margin = std::max(margin, std::log(each * samples / @TOLERANCE@) / a);
            }
            again.clear();
            measured.clear();
            if (margin > 0) {
                const real limit = (real)(std::min(nearest[i] - term, (double)lowest) + margin + 2 * err);
                least = nearest[i];
                for (npy_intp j = 0; j < samples; ++j)
                    if (beyond[j] <= limit) again.push_back(j);
                for (npy_intp j : again) {
                    measured.push_back(parzen_distance(x + i * dim, m + j * dim, dim));
                    least = std::min(least, measured.back());
                }
            }
            const real shift = (real)(least - term);
            #pragma omp simd
            for (npy_intp j = 0; j < samples; ++j) beyond[j] = shift - beyond[j];
            for (size_t k = 0; k < again.size(); ++k) beyond[again[k]] = (real)(least - measured[k]);
            for (npy_intp k = 0; k < widths; ++k) {
                double& sum = sums[i * widths + k];
                sum *= std::exp(inverse_widths[k] * (least - nearest[i]));
                sum += parzen_sum(beyond, samples, inverse_widths[k]);
            }
            nearest[i] = least;
        }
    }
}
#endif
"""
