// Maxout and its gradient: the largest piece of each unit, with a bit for each piece that is so large.
#ifndef ADVERSARIAL_LARGEST_PIECES
#define ADVERSARIAL_LARGEST_PIECES
#include <string.h>
#include <numpy/npy_math.h>
#include <algorithm>
#include "arrays.h"
#include "share.h"
#include "vectors.h"

namespace adversarial {
// Units from which on a second thread brings more than it costs.
enum { ENOUGH_UNITS = 2048 };

// As many units at a time as a vector has lanes.
template <typename real, int pieces> struct Units {
    enum { LANES = Vector<real>::LANES };
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    typedef typename Vector<real>::Index Index;
    typedef npy_uint32 Bits __attribute__((vector_size(LANES * 4), aligned(4)));

    static void largest(const real* x, const real* b, real* largest, npy_uint32* winners)
    {
        Aligned groups[pieces], values[pieces];
        for (int k = 0; k < pieces; ++k) groups[k] = *(const Loose*)(x + k * LANES) + *(const Loose*)(b + k * LANES);
        deinterleave<real, pieces>(groups, values);
        // A maximum that ignores NaN is one instruction; NaN is put back after.
        Aligned most = values[0];
        Index is_nan = values[0] != values[0];
        for (int k = 1; k < pieces; ++k) {
            most = values[k] > most ? values[k] : most;
            is_nan |= values[k] != values[k];
        }
        most = is_nan ? (real)NPY_NAN - Aligned{} : most;
        Index set = {};
        for (int k = 0; k < pieces; ++k) set |= (values[k] == most) & ((Index{} + 1) << k);
        *(Loose*)largest = most;
        *(Bits*)winners = __builtin_convertvector(set, Bits);
    }

    // The same for the last units of a row, fewer than LANES.
    static void last(const real* x, const real* b, real* largest, npy_uint32* winners, npy_intp count)
    {
        alignas(VECTOR_BYTES) real padded_x[LANES * pieces] = {}, padded_b[LANES * pieces] = {}, most[LANES];
        alignas(VECTOR_BYTES) npy_uint32 set[LANES];
        std::copy(x, x + count * pieces, padded_x);
        std::copy(b, b + count * pieces, padded_b);
        Units::largest(padded_x, padded_b, most, set);
        std::copy(most, most + count, largest);
        std::copy(set, set + count, winners);
    }
};

template <typename real, int pieces>
static void largest_pieces(const real* x, const real* b, real* largest, npy_uint32* winners, npy_intp rows,
                           npy_intp units)
{
    typedef Units<real, pieces> Some;
    share(rows, units, 1, [=](npy_intp from, npy_intp to) {
        for (npy_intp row = from; row < to; ++row)
            for (npy_intp unit = 0; unit < units; unit += Some::LANES) {
                const npy_intp at = row * units + unit;
                if (unit + Some::LANES <= units)
                    Some::largest(x + at * pieces, b + unit * pieces, largest + at, winners + at);
                else
                    Some::last(x + at * pieces, b + unit * pieces, largest + at, winners + at, units - unit);
            }
    }, ENOUGH_UNITS);
}

// Maxima over the pieces of x + b, and the winners' bits.
template <typename real, int pieces>
static bool largest_pieces(PyArrayObject* x, PyArrayObject* b, PyArrayObject*& largest, PyArrayObject*& winners)
{
    if (PyArray_DIM(x, 1) != PyArray_DIM(b, 0) || PyArray_DIM(x, 1) % pieces)
        return refuse("maxout needs a bias for each linear response, and whole units");
    npy_intp dims[2] = {PyArray_DIM(x, 0), PyArray_DIM(x, 1) / pieces};
    if (!allocate(largest, 2, dims, PyArray_TYPE(x)) || !allocate(winners, 2, dims, NPY_UINT32)) return false;
    const Contiguous responses(x), biases(b);
    if (!responses || !biases) return false;
    largest_pieces<real, pieces>(responses.data<real>(), biases.data<real>(), (real*)PyArray_DATA(largest),
                                 (npy_uint32*)PyArray_DATA(winners), dims[0], dims[1]);
    return true;
}

template <typename real, int pieces>
static void to_winners(const real* in, const npy_uint32* bits, real* out, npy_intp rows, npy_intp units)
{
    share(rows, units, 1, [=](npy_intp from, npy_intp to) {
        memset(out + from * units * pieces, 0, (to - from) * units * pieces * sizeof(real));
        for (npy_intp unit = from * units; unit < to * units; ++unit) {
            npy_uint32 set = bits[unit];
            // Nearly always there is one winner, and the branch is predicted.
            if (set && !(set & (set - 1))) out[unit * pieces + __builtin_ctz(set)] = in[unit];
            else for (; set; set &= set - 1) out[unit * pieces + __builtin_ctz(set)] = in[unit];
        }
    }, ENOUGH_UNITS);
}

// The gradient of x + b: that of its unit for each piece whose bit is set, 0 for the others.
template <typename real, int pieces>
static bool to_winners(PyArrayObject* grad, PyArrayObject* winners, PyArrayObject*& spread)
{
    const npy_intp rows = PyArray_DIM(winners, 0), units = PyArray_DIM(winners, 1);
    if (PyArray_DIM(grad, 0) != rows || PyArray_DIM(grad, 1) != units)
        return refuse("the gradient of maxout must have a value for each unit");
    npy_intp dims[2] = {rows, units * pieces};
    if (!allocate(spread, 2, dims, PyArray_TYPE(grad))) return false;
    const Contiguous gradients(grad), bits(winners);
    if (!gradients || !bits) return false;
    to_winners<real, pieces>(gradients.data<real>(), bits.data<npy_uint32>(), (real*)PyArray_DATA(spread), rows, units);
    return true;
}
}  // namespace adversarial
#endif
