// Sums in float64, in pieces of a fixed size whose sums are added in order: threads do not change the result.
#ifndef ADVERSARIAL_SUMS
#define ADVERSARIAL_SUMS
#include <algorithm>
#include <vector>
#include "arrays.h"
#include "share.h"

namespace adversarial {
template <typename real> static inline double squared(real value)
{
    const real rounded = value * value;
    return (double)rounded;
}

// The squared norms of the columns of a matrix, a block of it at a time.
template <typename real, npy_intp block_rows, npy_intp block_columns>
static void squared_norms(const real* values, real* result, npy_intp rows, npy_intp columns)
{
    const npy_intp across = (columns + block_columns - 1) / block_columns, down = (rows + block_rows - 1) / block_rows;
    std::vector<double> partial(down * columns);
    double* const parts = partial.data();
    const npy_intp blocks = down * across;
    share(blocks, rows * columns / std::max<npy_intp>(blocks, 1), 1, [=](npy_intp begin, npy_intp end) {
        for (npy_intp i = begin; i < end; ++i) {
            const npy_intp first = i % across * block_columns;
            const npy_intp width = std::min<npy_intp>(block_columns, columns - first);
            const npy_intp from = i / across * block_rows, to = std::min<npy_intp>(from + block_rows, rows);
            double* const sums = parts + i / across * columns + first;
            npy_intp row = from;
            for (; row + 4 <= to; row += 4) {
                const real* const a = values + row * columns + first;
                const real *const b = a + columns, *const c = b + columns, *const d = c + columns;
                #pragma omp simd
                for (npy_intp j = 0; j < width; ++j)
                    sums[j] += (squared(a[j]) + squared(b[j])) + (squared(c[j]) + squared(d[j]));
            }
            for (; row < to; ++row) {
                const real* const a = values + row * columns + first;
                #pragma omp simd
                for (npy_intp j = 0; j < width; ++j) sums[j] += squared(a[j]);
            }
        }
    }, 262144);  // For fewer values a second thread brings nothing.
    for (npy_intp j = 0; j < columns; ++j) {
        double sum = 0;
        for (npy_intp block = 0; block < down; ++block) sum += parts[block * columns + j];
        result[j] = (real)sum;
    }
}

template <typename real, npy_intp block_rows, npy_intp block_columns>
static bool squared_norms(PyArrayObject* x, PyArrayObject*& norms)
{
    if (!allocate(norms, 1, PyArray_DIMS(x) + 1, PyArray_TYPE(x))) return false;
    const Contiguous values(x);
    if (!values) return false;
    squared_norms<real, block_rows, block_columns>(values.data<real>(), (real*)PyArray_DATA(norms),
                                                   PyArray_DIM(x, 0), PyArray_DIM(x, 1));
    return true;
}

// `count` sums of `length` values each.
template <typename real, npy_intp piece>
static void sums(const real* values, real* result, npy_intp count, npy_intp length)
{
    const npy_intp pieces = (length + piece - 1) / piece;
    std::vector<double> partial(count * pieces);
    double* const parts = partial.data();
    share(count * pieces, piece, 1, [=](npy_intp begin, npy_intp end) {
        for (npy_intp i = begin; i < end; ++i) {
            const npy_intp from = i % pieces * piece, to = std::min<npy_intp>(from + piece, length);
            const real* const line = values + i / pieces * length;
            double sum = 0;
            #pragma omp simd reduction(+ : sum)
            for (npy_intp j = from; j < to; ++j) sum += (double)line[j];
            parts[i] = sum;
        }
    }, 4 * piece);
    for (npy_intp s = 0; s < count; ++s) {
        double sum = 0;
        for (npy_intp i = 0; i < pieces; ++i) sum += parts[s * pieces + i];
        result[s] = (real)sum;
    }
}

// Sums over all axes of x from the `kept`-th on.
template <typename real, npy_intp piece>
static bool sum_of_last_axes(PyArrayObject* x, int kept, PyArrayObject*& total)
{
    if (!allocate(total, kept, PyArray_DIMS(x), PyArray_TYPE(x))) return false;
    const Contiguous values(x);
    if (!values) return false;
    const npy_intp count = PyArray_SIZE(total), length = count ? PyArray_SIZE(x) / count : 0;
    sums<real, piece>(values.data<real>(), (real*)PyArray_DATA(total), count, length);
    return true;
}
}  // namespace adversarial
#endif
