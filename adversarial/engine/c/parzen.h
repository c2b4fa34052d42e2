// Parzen windows: a tile of samples is added to the running sums of a tile of points.
#ifndef ADVERSARIAL_PARZEN
#define ADVERSARIAL_PARZEN
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>
#include "arrays.h"
#include "share.h"

namespace adversarial {
// exp of a float, written out so that the compiler makes vector instructions of it: 2^t = 2^n 2^f with n the nearest
// integer and a polynomial for 2^f on [-.5, .5], within 1e-6 of exp down to e^-20, 2e-7 near 1.
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

// In float64, terms below e^-80 of the largest add nothing to a sum.
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
                        double* sums, npy_intp points, npy_intp samples, npy_intp dim, npy_intp widths,
                        double tolerance)
{
    const std::vector<real> m_terms_real(m_terms, m_terms + samples);
    const real* const terms = m_terms_real.data();
    share(points, samples, 16, [=](npy_intp from, npy_intp to) {
        std::vector<real> beyond_(samples);
        std::vector<npy_intp> again;
        std::vector<double> measured;
        real* beyond = beyond_.data();
        for (npy_intp i = from; i < to; ++i) {
            const real* row = product + i * samples;
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
                if (each > tolerance) margin = std::max(margin, std::log(each * samples / tolerance) / a);
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
    });
}

// `in` are the inputs of ParzenSums, in its order.
template <typename real>
static bool parzen_sums(PyArrayObject* const (&in)[9], double tolerance, PyArrayObject*& nearest, PyArrayObject*& sums)
{
    const Contiguous product(in[0]), x(in[1]), m(in[2]), x_terms(in[3]), m_terms(in[4]), errors(in[5]);
    const Contiguous inverse_widths(in[6]);
    if (!product || !x || !m || !x_terms || !m_terms || !errors || !inverse_widths) return false;
    const npy_intp points = PyArray_DIM(in[1], 0), samples = PyArray_DIM(in[2], 0);
    const npy_intp dim = PyArray_DIM(in[1], 1), widths = PyArray_DIM(in[6], 0);
    const bool fits = samples > 0 && PyArray_DIM(in[0], 0) == points && PyArray_DIM(in[0], 1) == samples
                      && PyArray_DIM(in[2], 1) == dim && PyArray_DIM(in[3], 0) == points
                      && PyArray_DIM(in[4], 0) == samples && PyArray_DIM(in[5], 0) == points
                      && PyArray_DIM(in[7], 0) == points && PyArray_DIM(in[8], 0) == points
                      && PyArray_DIM(in[8], 1) == widths;
    if (!fits) return refuse("the arrays given to ParzenSums do not fit each other");
    Py_XDECREF(nearest);
    Py_XDECREF(sums);
    nearest = (PyArrayObject*)PyArray_NewCopy(in[7], NPY_CORDER);
    sums = (PyArrayObject*)PyArray_NewCopy(in[8], NPY_CORDER);
    if (!nearest || !sums) return false;
    parzen_sums<real>(product.data<real>(), x.data<real>(), m.data<real>(), x_terms.data<double>(),
                      m_terms.data<double>(), errors.data<double>(), inverse_widths.data<double>(),
                      (double*)PyArray_DATA(nearest), (double*)PyArray_DATA(sums), points, samples, dim, widths,
                      tolerance);
    return true;
}
}  // namespace adversarial
#endif
