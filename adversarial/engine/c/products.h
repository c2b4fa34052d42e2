// Products of matrices: in tiles, which skip zeros where there are enough of them, or by BLAS.
//
//     C = alpha A B + beta C,   A (m, k),   B (k, n)
//
// needs only the terms A[i, q] B[q, :] whose A[i, q] is not 0. With B in tiles (tiles.h) that stay in the first-level
// cache such a term costs hardly more than one of a dense product, so half the terms take two thirds of BLAS's time and
// a tenth a quarter. Which factor has more zeros is estimated from a sample of both. Where neither has enough, all
// terms are multiplied in tiles on processors with vectors of 64 bytes, which takes the time of the BLAS libraries
// measured there or less, and by BLAS on all others; small products are always BLAS's.
//
// The sum is that of the dense product without terms that are 0: in exact arithmetic they are equal, in floating point
// to rounding. Where a factor of 0 meets infinity or NaN, BLAS gives NaN; a skipped term adds nothing.
#ifndef ADVERSARIAL_PRODUCTS
#define ADVERSARIAL_PRODUCTS
#include <algorithm>
#include "arrays.h"
#include "tiles.h"

namespace adversarial {
// Multiplications below which a product is left to BLAS without a look at its zeros.
enum { LEAST_WORK = 500000 };
// Least rows or columns of a part of a product by BLAS: each part packs the other factor again.
enum { SHORTEST_PART = 128 };

// The share of values that are not 0, of a sample: runs along the axis that is contiguous.
template <typename real> static double density(const Matrix<real>& m)
{
    const Matrix<real> lines = m.right == 1 ? m : m.transposed();
    const npy_intp runs = 32, length = std::min<npy_intp>(64, lines.columns);
    npy_intp found = 0;
    for (npy_intp run = 0; run < runs; ++run) {
        const npy_intp line = run * lines.rows / runs, start = run * 7919 % (lines.columns - length + 1);
        const real* const values = &lines.at(line, start);
        npy_intp here = 0;
        for (npy_intp i = 0; i < length; ++i) here += values[i] != 0;
        found += here;
    }
    return (double)found / (double)(runs * length);
}

// Transpose a product: out' = right' left'.
template <typename real> static void transpose(Matrix<real>& left, Matrix<real>& right, Matrix<real>& out)
{
    const Matrix<real> other = right.transposed();
    right = left.transposed();
    left = other;
    out = out.transposed();
}

// The same, where rows of `out` are contiguous, by one call of BLAS: it is column-major, and sees the transposes.
template <typename real>
static void by_blas(real alpha, const Matrix<real>& left, const Matrix<real>& right, real beta, const Matrix<real>& out)
{
    gemm(right.by_rows() ? "N" : "T", left.by_rows() ? "N" : "T", (int)out.columns, (int)out.rows, (int)left.columns,
         alpha, right.data, right.leading(), left.data, left.leading(), beta, out.data, out.leading());
}

// out = alpha left right + beta out.
template <typename real>
static void multiply(real alpha, Matrix<real> left, Matrix<real> right, real beta, Matrix<real> out)
{
    const double work = (double)left.rows * (double)left.columns * (double)right.columns;
    if (work >= LEAST_WORK) {
        const double of_left = density(left), of_right = density(right);
        typedef TiledProduct<real> Tiled;
        const double rows = (double)left.rows, inner = (double)left.columns, columns = (double)right.columns;
        const double by_left = inner * Tiled::cycles(rows, columns, of_left, true);
        const double by_right = inner * Tiled::cycles(columns, rows, of_right, true);
        const bool skips = std::min(by_left, by_right) < (WHOLE ? .85 : 1) * work / Tiled::LANES;
        const bool transposed = skips ? by_right < by_left : !out.by_rows();
        if (skips || WHOLE) {
            if (transposed) transpose(left, right, out);
            Tiled(alpha, left, right, beta, out, skips, transposed ? of_right : of_left).work();
            return;
        }
    }
    if (left.columns == 0) {
        for (npy_intp row = 0; row < out.rows; ++row)
            for (npy_intp column = 0; column < out.columns; ++column)
                out.at(row, column) = beta == 0 ? 0 : beta * out.at(row, column);
        return;
    }
    if (!out.by_rows()) transpose(left, right, out);
    if (!blas_is_split() || work < LEAST_WORK) return by_blas(alpha, left, right, beta, out);
    // Each part of the longer axis by itself. Parts depend on sizes alone, as their sums may.
    const bool rows = out.rows > out.columns;
    const npy_intp length = rows ? out.rows : out.columns;
    const npy_intp part = std::max<npy_intp>(SHORTEST_PART, (length + MOST_PARTS - 1) / MOST_PARTS);
    share_lanes((length + part - 1) / part, 1, 0, [=](npy_intp i, npy_intp) {
        const npy_intp count = std::min(part, length - i * part);
        if (rows) by_blas(alpha, left.some_rows(i * part, count), right, beta, out.some_rows(i * part, count));
        else by_blas(alpha, left, right.some_columns(i * part, count), beta, out.some_columns(i * part, count));
    });
}

// The same for arrays; where a factor is not laid out as BLAS wants it, for a copy. False with Python's error set.
template <typename real>
static bool multiply(PyArrayObject* alpha, PyArrayObject* x, PyArrayObject* y, real beta, PyArrayObject* out)
{
    PyArrayObject* const left = with_unit_stride(x);
    PyArrayObject* const right = with_unit_stride(y);
    const bool made = left && right;
    if (made)
        multiply(*(real*)PyArray_DATA(alpha), Matrix<real>(left), Matrix<real>(right), beta, Matrix<real>(out));
    Py_XDECREF(left);
    Py_XDECREF(right);
    return made;
}

static inline bool inner_lengths_fit(PyArrayObject* x, PyArrayObject* y)
{
    return PyArray_DIM(x, 1) == PyArray_DIM(y, 0)
           || refuse("the factors of a product must have an inner length in common");
}

// out = alpha x y.
template <typename real>
static bool product(PyArrayObject* alpha, PyArrayObject* x, PyArrayObject* y, PyArrayObject*& out)
{
    npy_intp dims[2] = {PyArray_DIM(x, 0), PyArray_DIM(y, 1)};
    return inner_lengths_fit(x, y) && allocate(out, 2, dims, PyArray_TYPE(x)) && multiply<real>(alpha, x, y, 0, out);
}

// out = alpha x y + beta z, in the memory of z where that is laid out as BLAS wants it.
template <typename real>
static bool add_product(PyArrayObject* z, PyArrayObject* alpha, PyArrayObject* x, PyArrayObject* y,
                        PyArrayObject* beta, PyArrayObject*& out)
{
    if (!inner_lengths_fit(x, y)) return false;
    PyArrayObject* const target = with_unit_stride(z);
    if (!target) return false;
    Py_XDECREF(out);
    out = target;
    if (PyArray_DIM(out, 0) != PyArray_DIM(x, 0) || PyArray_DIM(out, 1) != PyArray_DIM(y, 1))
        return refuse("a product must be as large as what it is added to");
    return multiply<real>(alpha, x, y, *(real*)PyArray_DATA(beta), out);
}
}  // namespace adversarial
#endif
