"""C code of Ops that multiply matrices: in tiles, which pass over zeros where there are enough of them, or by BLAS.

    C = alpha A B + beta C,   A (m, k),   B (k, n)

needs only the terms A[i, q] B[q, :] whose A[i, q] is not 0. With B in tiles (`c_tiles`) that stay in the first-level
cache such a term costs hardly more than one of a dense product, so half the terms take two thirds of BLAS's time and a
tenth a quarter. Which factor has more zeros is found by looking at a sample of both. Where neither has enough, tiles
are multiplied whole on processors with vectors of 64 bytes, which takes the time of the BLAS libraries measured there
or less, and BLAS multiplies on all others; small products are always BLAS's.

The sum is that of the dense product without terms that are 0: in exact arithmetic they are equal, in floating point to
rounding. Where a factor of 0 meets an infinity or no number, BLAS makes no number of it and passing over adds nothing.
"""

from __future__ import annotations

from adversarial.engine.c.arrays import ROUNDING
from adversarial.engine.c.terms import TERMS
from adversarial.engine.c.tiles import TILES
from adversarial.engine.c.vectors import VECTORS

try:
    from pytensor.tensor.blas.blas_c import BaseBLAS
except ModuleNotFoundError:  # where PyTensor before 3.3 has it
    from pytensor.tensor.blas_c import BaseBLAS

__all__ = ["MULTIPLY", "PRODUCTS_VERSION", "BaseBLAS", "headers"]

#: Multiplications below which BLAS is not asked to make way.
LEAST_WORK = 500_000
#: For the version of Ops that take `MULTIPLY`.
PRODUCTS_VERSION = (18, LEAST_WORK)


def headers() -> list[str]:
    """What `MULTIPLY` includes."""
    return ["<vector>", "<algorithm>", "<numeric>", "<cstring>", "<omp.h>"]


_MULTIPLY = r"""
#ifndef ADVERSARIAL_PRODUCTS
#define ADVERSARIAL_PRODUCTS
namespace adversarial {

// c = alpha a b + beta c, by columns as BLAS counts.
static inline void gemm(const char* ta, const char* tb, int m, int n, int k, float alpha, const float* a, int lda,
                        const float* b, int ldb, float beta, float* c, int ldc)
{
    sgemm_((char*)ta, (char*)tb, &m, &n, &k, &alpha, (float*)a, &lda, (float*)b, &ldb, &beta, c, &ldc);
}

static inline void gemm(const char* ta, const char* tb, int m, int n, int k, double alpha, const double* a, int lda,
                        const double* b, int ldb, double beta, double* c, int ldc)
{
    dgemm_((char*)ta, (char*)tb, &m, &n, &k, &alpha, (double*)a, &lda, (double*)b, &ldb, &beta, c, &ldc);
}
template <typename real> struct Matrix {
    real* data;
    npy_intp rows, columns, down, right;  // from an entry to the one below, and to the one to its right

    explicit Matrix(PyArrayObject* array)
        : data((real*)PyArray_DATA(array)), rows(PyArray_DIM(array, 0)), columns(PyArray_DIM(array, 1)),
          down(PyArray_STRIDE(array, 0) / (npy_intp)sizeof(real)),
          right(PyArray_STRIDE(array, 1) / (npy_intp)sizeof(real))
    {
        // An axis of length 1 may have any stride: let it be one that leaves the other as it is.
        if (columns == 1 && down != 1) right = 1;
        if (rows == 1 && right != 1) down = 1;
    }
    Matrix(real* data, npy_intp rows, npy_intp columns, npy_intp down, npy_intp right)
        : data(data), rows(rows), columns(columns), down(down), right(right) {}

    Matrix transposed() const { return Matrix(data, columns, rows, right, down); }
    // As BLAS sees it: rows one after the other, or columns; and how far the next one is.
    bool by_rows() const { return right == 1 && (down >= columns || rows <= 1); }
    int leading() const
    {
        return (int)std::max<npy_intp>(by_rows() ? std::max(down, columns) : std::max(right, rows), 1);
    }
    real& at(npy_intp row, npy_intp column) const { return data[row * down + column * right]; }
};

// A matrix that BLAS takes: one of its axes has neighbours side by side, the other does not run backwards.
static PyArrayObject* with_unit_stride(PyArrayObject* array)
{
    const npy_intp size = PyArray_ITEMSIZE(array);
    const npy_intp down = PyArray_STRIDE(array, 0), right = PyArray_STRIDE(array, 1);
    const npy_intp rows = PyArray_DIM(array, 0), columns = PyArray_DIM(array, 1);
    const bool by_rows = (right == size || columns <= 1) && (down >= columns * size || rows <= 1);
    const bool by_columns = (down == size || rows <= 1) && (right >= rows * size || columns <= 1);
    if (PyArray_ISBEHAVED_RO(array) && down % size == 0 && right % size == 0 && (by_rows || by_columns)) {
        Py_INCREF(array);
        return array;
    }
    return (PyArrayObject*)PyArray_NewCopy(array, NPY_CORDER);
}

@TERMS@
@TILES@
// The share of a sample of the values that is not 0: runs along the axis whose neighbours lie side by side.
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

// The same product, seen from the other side: the transposes of all three.
template <typename real> static void turn(Matrix<real>& left, Matrix<real>& right, Matrix<real>& out)
{
    const Matrix<real> other = right.transposed();
    right = left.transposed();
    left = other;
    out = out.transposed();
}

// out = alpha left right + beta out.
template <typename real>
static void multiply(real alpha, Matrix<real> left, Matrix<real> right, real beta, Matrix<real> out)
{
    const double work = (double)left.rows * (double)left.columns * (double)right.columns;
    if (work >= @LEAST_WORK@) {
        const double of_left = density(left), of_right = density(right);
        typedef TiledProduct<real> Tiled;
        const double rows = (double)left.rows, inner = (double)left.columns, columns = (double)right.columns;
        const double by_left = inner * Tiled::cycles(rows, columns, of_left, true);
        const double by_right = inner * Tiled::cycles(columns, rows, of_right, true);
        const bool skips = std::min(by_left, by_right) < (WHOLE ? .85 : 1) * work / Tiled::LANES;
        const bool turned = skips ? by_right < by_left : !out.by_rows();
        if (skips || WHOLE) {
            if (turned) turn(left, right, out);
            Tiled(alpha, left, right, beta, out, skips, turned ? of_right : of_left).work();
            return;
        }
    }
    if (left.columns == 0) {
        for (npy_intp row = 0; row < out.rows; ++row)
            for (npy_intp column = 0; column < out.columns; ++column)
                out.at(row, column) = beta == 0 ? 0 : beta * out.at(row, column);
        return;
    }
    // BLAS counts down columns: what it sees is the transpose of all three.
    if (!out.by_rows()) turn(left, right, out);
    gemm(right.by_rows() ? "N" : "T", left.by_rows() ? "N" : "T", (int)out.columns, (int)out.rows, (int)left.columns,
         alpha, right.data, right.leading(), left.data, left.leading(), beta, out.data, out.leading());
}

}
#endif
"""

#: `adversarial::multiply(alpha, left, right, beta, out)` on `adversarial::Matrix`; for Ops that derive from BaseBLAS,
#: compiled with -O3 and -fopenmp.
MULTIPLY = (
    ROUNDING
    + VECTORS
    + _MULTIPLY.replace("@TERMS@", TERMS).replace("@TILES@", TILES).replace("@LEAST_WORK@", str(LEAST_WORK))
)
