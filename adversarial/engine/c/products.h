// Products of matrices: in tiles, which skip zeros where there are enough of them, or by BLAS.
//
//     C = alpha A B + beta C,   A (m, k),   B (k, n)
//
// needs only the terms A[i, q] B[q, :] whose A[i, q] is not 0. With B in tiles (tiles.h) that stay in the first-level
// cache such a term costs hardly more than one of a dense product, so half the terms take two thirds of BLAS's time and
// a tenth a quarter (Zen 4; with vectors of 32 bytes, Zen 3: three quarters, and .28). Which factor has more zeros is
// estimated from a sample of both. Where neither has enough, all terms are multiplied in tiles on processors with
// vectors of 64 bytes, which takes the time of the BLAS libraries measured there or less, and by BLAS on all others;
// small products are always BLAS's.
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

// Bands of rows of a factor that are looked at one by one: a stack of minibatches has data, which are sparse, beside
// samples, which are not. Where all is multiplied in tiles, these look for themselves (TiledProduct::few_zeros).
enum { BANDS = WHOLE ? 1 : 16, SHORTEST_BAND = 48 };

// The share of values that are not 0, of a sample: runs along the axis that is contiguous.
template <typename real> static double density(const Matrix<real>& m)
{
    const Matrix<real> lines = m.right == 1 ? m : m.transposed();
    const npy_intp runs = WHOLE ? 32 : 8, length = std::min<npy_intp>(64, lines.columns);
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

// How the rows of a product are made: bands with many zeros by terms, others whole, or all in one way where that is
// cheaper.
template <typename real> struct Plan {
    typedef TiledProduct<real> Tiled;
    npy_intp bands;
    npy_intp first[BANDS + 1];  // row of each band, and where the last ends
    double density[BANDS];
    bool skips[BANDS];
    double cycles;  // of all, divided by the inner length

    Plan(const Matrix<real>& left, npy_intp n)
        : bands(std::max<npy_intp>(1, std::min<npy_intp>(BANDS, left.rows / SHORTEST_BAND)))
    {
        const double columns = (double)n, once = Tiled::packing(columns);
        double by_terms = once, whole = 0, mixed = 0;
        for (npy_intp band = 0; band < bands; ++band) {
            first[band] = band * left.rows / bands;
            const npy_intp count = (band + 1) * left.rows / bands - first[band];
            density[band] = adversarial::density(left.some_rows(first[band], count));
            const double rows = (double)count, terms = Tiled::of_terms(rows, columns, density[band]);
            const double all = (WHOLE ? .85 : 1) * rows * columns / Tiled::LANES;
            skips[band] = terms < all;
            by_terms += terms;
            whole += all;
            mixed += std::min(terms, all) + (band == 0 || skips[band] != skips[band - 1] ? once : 0);
        }
        first[bands] = left.rows;
        cycles = std::min(mixed, std::min(by_terms, whole));
        if (cycles < mixed) std::fill(skips, skips + bands, by_terms < whole);
    }
};

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

// out = alpha left right + beta out, of all values.
template <typename real>
static void multiply_whole(real alpha, Matrix<real> left, Matrix<real> right, real beta, Matrix<real> out)
{
    if (!out.by_rows()) transpose(left, right, out);
    const double work = (double)left.rows * (double)left.columns * (double)right.columns;
    if (WHOLE && work >= LEAST_WORK) return TiledProduct<real>(alpha, left, right, beta, out, false, 1.).work();
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

// out = alpha left right + beta out.
template <typename real>
static void multiply(real alpha, Matrix<real> left, Matrix<real> right, real beta, Matrix<real> out)
{
    if (left.columns == 0) {
        for (npy_intp row = 0; row < out.rows; ++row)
            for (npy_intp column = 0; column < out.columns; ++column)
                out.at(row, column) = beta == 0 ? 0 : beta * out.at(row, column);
        return;
    }
    const double work = (double)left.rows * (double)left.columns * (double)right.columns;
    if (work < LEAST_WORK) return multiply_whole(alpha, left, right, beta, out);
    Plan<real> plan(left, right.columns);
    const Plan<real> other(right.transposed(), left.rows);
    if (other.cycles < plan.cycles) plan = other, transpose(left, right, out);
    for (npy_intp band = 0, next; band < plan.bands; band = next) {
        const bool skips = plan.skips[band];
        double density = 0;
        for (next = band; next < plan.bands && plan.skips[next] == skips; ++next) density += plan.density[next];
        density /= (double)(next - band);
        const npy_intp from = plan.first[band], count = plan.first[next] - from;
        const Matrix<real> some = left.some_rows(from, count), made = out.some_rows(from, count);
        if (skips) TiledProduct<real>(alpha, some, right, beta, made, true, density).work();
        else multiply_whole(alpha, some, right, beta, made);
    }
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
