"""C code of Ops that multiply matrices: products that pass over zeros where there are enough of them, BLAS elsewhere.

    C = alpha A B + beta C,   A (m, k),   B (k, n)

needs only the terms A[i, q] B[q, :] whose A[i, q] is not 0. With B in tiles that stay in the first-level cache such a
term costs hardly more than one of a dense product, so half the terms take two thirds of BLAS's time and a tenth a
fifth. Which factor has more zeros is found by looking at a sample of both; where neither has enough, BLAS multiplies.

The sum is that of the dense product without terms that are 0: in exact arithmetic they are equal, in floating point to
rounding. Where a factor of 0 meets an infinity or no number, BLAS makes no number of it and this adds nothing.
"""

from __future__ import annotations

from adversarial.ops.c_arrays import ROUNDING

try:
    from pytensor.tensor.blas.blas_c import BaseBLAS
except ModuleNotFoundError:  # where PyTensor before 3.3 has it
    from pytensor.tensor.blas_c import BaseBLAS

__all__ = ["MULTIPLY", "PRODUCTS_VERSION", "BaseBLAS", "headers"]

#: Multiplications below which BLAS is not asked to make way.
LEAST_WORK = 500_000
#: For the version of Ops that take `MULTIPLY`.
PRODUCTS_VERSION = (4, LEAST_WORK)


def headers() -> list[str]:
    """What `MULTIPLY` includes."""
    return ["<vector>", "<algorithm>", "<cstring>", "<omp.h>"]


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


#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, VECTORS = 4 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, VECTORS = 8 };
#else
enum { VECTOR_BYTES = 16, VECTORS = 8 };
#endif
// Rows of a tile of the dense factor: with WIDTH columns it fills the first-level cache.
enum { DEPTH = 128 };

template <typename real> struct Vector;
template <> struct Vector<float> {
    typedef float Aligned __attribute__((vector_size(VECTOR_BYTES)));
    typedef float Loose __attribute__((vector_size(VECTOR_BYTES), aligned(4)));
    typedef npy_int32 Index __attribute__((vector_size(VECTOR_BYTES)));
    typedef npy_int32 Offset;
};
template <> struct Vector<double> {
    typedef double Aligned __attribute__((vector_size(VECTOR_BYTES)));
    typedef double Loose __attribute__((vector_size(VECTOR_BYTES), aligned(8)));
    typedef npy_int64 Index __attribute__((vector_size(VECTOR_BYTES)));
    typedef npy_int64 Offset;
};

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
    Matrix some_rows(npy_intp from, npy_intp to) const
    {
        return Matrix(data + from * down, to - from, columns, down, right);
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

// A value of the sparse factor, and by how many bytes into a tile the row lies that it multiplies.
template <typename real> struct Term {
    real value;
    typename Vector<real>::Offset offset;
};

template <typename real> struct ZeroSkipping {
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    enum { LANES = VECTOR_BYTES / sizeof(real), WIDTH = LANES * VECTORS, LINE = 64 / sizeof(real) };
    enum { ROWS_OF_A_PART = 64, AHEAD = 4 };
    // Rows of the sparse factor that are compressed at a time: each tile reads their terms again, so they should stay
    // in the second-level cache; but the other factor is packed for them again, so they should be many. There are
    // places for all values, though, of which few may be terms.
    static npy_intp rows_at_a_time(const Matrix<real>& sparse, double density)
    {
        const double inner = (double)sparse.columns, terms_of_a_row = std::max(density * inner, inner / 64);
        const npy_intp most = std::max((npy_intp)((1 << 20) / (sizeof(Term<real>) * terms_of_a_row)), (npy_intp)128);
        const npy_intp times = (sparse.rows + most - 1) / most;
        return (sparse.rows + times - 1) / times;
    }

    const Matrix<real> sparse, dense, out;  // (m, k), (k, n), (m, n)
    const real alpha, beta;
    const npy_intp blocks;
    Term<real>* terms;  // DEPTH places for each row of each block of columns
    npy_int32* counts;  // of terms in those places

    ZeroSkipping(real alpha, const Matrix<real>& sparse, const Matrix<real>& dense, real beta, const Matrix<real>& out)
        : sparse(sparse), dense(dense), out(out), alpha(alpha), beta(beta), blocks((sparse.columns + DEPTH - 1) / DEPTH)
    {
        // Kept from call to call: fresh memory costs as much as the terms that go there. One thread at a time is here.
        static std::vector<Term<real>> kept_terms;
        static std::vector<npy_int32> kept_counts;
        const size_t segments = (size_t)(blocks * sparse.rows);
        if (kept_terms.size() < segments * DEPTH) kept_terms.resize(segments * DEPTH);
        if (kept_counts.size() < segments) kept_counts.resize(segments);
        terms = kept_terms.data();
        counts = kept_counts.data();
    }

    void work()
    {
        const npy_intp parts = (sparse.rows + ROWS_OF_A_PART - 1) / ROWS_OF_A_PART;
        const npy_intp tiles = (dense.columns + WIDTH - 1) / WIDTH;
        // Several pieces of work a thread, so that none waits long for another.
        const npy_intp wanted = (4 * omp_get_max_threads() + tiles - 1) / tiles;
        const npy_intp cuts = std::max<npy_intp>(std::min(wanted, parts / 2), 1);
        const npy_intp cut = ((sparse.rows + cuts - 1) / cuts + LANES - 1) / LANES * LANES;
        const unsigned int rounding = ADVERSARIAL_ROUNDING;
        (void)rounding;
        #pragma omp parallel
        {
            ADVERSARIAL_ROUND_AS(rounding)
            #pragma omp for schedule(static)
            for (npy_intp i = 0; i < blocks * parts; ++i)
                compress(i / parts, i % parts * ROWS_OF_A_PART);
            #pragma omp for schedule(dynamic, 1)
            for (npy_intp i = 0; i < tiles * cuts; ++i)
                make_tile(i / cuts * WIDTH, i % cuts * cut, std::min(i % cuts * cut + cut, sparse.rows));
        }
    }

    void compress(npy_intp block, npy_intp from)
    {
        const npy_intp to = std::min<npy_intp>(from + ROWS_OF_A_PART, sparse.rows);
        const npy_intp first = block * DEPTH, last = std::min<npy_intp>(first + DEPTH, sparse.columns);
        const npy_intp step = WIDTH * sizeof(real);
        Term<real>* const places = terms + block * sparse.rows * DEPTH;
        npy_int32* const count = counts + block * sparse.rows;
        // Each value is written where the next term belongs, which moves on where it was one: no jumps.
        if (sparse.right == 1) {
            for (npy_intp row = from; row < to; ++row) {
                const real* const values = sparse.data + row * sparse.down;
                Term<real>* const place = places + row * DEPTH;
                npy_intp n = 0;
                for (npy_intp q = first; q < last; ++q) {
                    place[n].value = values[q];
                    place[n].offset = (q - first) * step;
                    n += values[q] != 0;
                }
                count[row] = n;
            }
        } else {
            for (npy_intp row = from; row < to; ++row) count[row] = 0;
            for (npy_intp q = first; q < last; ++q) {
                const real* const values = sparse.data + q * sparse.right;
                for (npy_intp row = from; row < to; ++row) {
                    Term<real>& place = places[row * DEPTH + count[row]];
                    place.value = values[row * sparse.down];
                    place.offset = (q - first) * step;
                    count[row] += values[row * sparse.down] != 0;
                }
            }
        }
    }

    void make_tile(npy_intp column, npy_intp from, npy_intp to)
    {
        const npy_intp width = std::min<npy_intp>(WIDTH, dense.columns - column);
        if (width > WIDTH / 2) make_tile<VECTORS>(column, width, from, to);
        else if (width > WIDTH / 4) make_tile<VECTORS / 2>(column, width, from, to);
        else make_tile<VECTORS / 4>(column, width, from, to);
    }

    template <int vectors> void make_tile(npy_intp column, npy_intp width, npy_intp from, npy_intp to)
    {
        alignas(VECTOR_BYTES) real packed[DEPTH * WIDTH];
        for (npy_intp block = 0; block < blocks; ++block) {
            pack<vectors>(block, column, width, packed);
            if (out.right != 1)
                for (npy_intp row = from; row < to; row += LANES)
                    make_columns<vectors>(block, column, width, row, std::min<npy_intp>(row + LANES, to), packed);
            else
                make_rows<vectors>(block, column, width, from, to, packed);
        }
    }

    template <int vectors>
    void make_rows(npy_intp block, npy_intp column, npy_intp width, npy_intp from, npy_intp to, const real* packed)
    {
        const real scale = alpha, kept = block == 0 ? beta : (real)1;
        const npy_intp down = out.down;
        // Lines for each row, times 2^16: even shares without a division.
        const npy_intp share = ((dense.right == 1 ? (npy_intp)DEPTH : width) << 16) / (to - from) + 1;
        const bool next = block + 1 < blocks, fetches = block == 0 && kept != 0;
        const npy_int32* const count = counts + block * sparse.rows;
        const Term<real>* const places = terms + block * sparse.rows * DEPTH;
        real* target = &out.at(from, column);
        for (npy_intp row = from; row < to; ++row, target += down) {
            if (next) fetch_next(block + 1, column, width, (row - from) * share >> 16, (row - from + 1) * share >> 16);
            if (fetches && row + AHEAD < to)
                for (npy_intp j = 0; j < width; j += LINE) __builtin_prefetch(target + AHEAD * down + j, 1);
            const Sums<vectors> sums = sum_terms<vectors>(places + row * DEPTH, count[row], packed);
            if (width == vectors * LANES)
                for (int r = 0; r < vectors; ++r) add(scale * sums.of[r], target + r * LANES, kept);
            else
                for (npy_intp r = 0, left = width; left > 0; ++r, left -= LANES)
                    add(scale * sums.of[r], target + r * LANES, std::min<npy_intp>(left, LANES), kept);
        }
    }

    // LANES rows at a time become columns, for an output whose rows are not contiguous.
    template <int vectors>
    void make_columns(npy_intp block, npy_intp column, npy_intp width, npy_intp from, npy_intp to, const real* packed)
    {
        alignas(VECTOR_BYTES) real sums[LANES * WIDTH];
        const real kept = block == 0 ? beta : (real)1;
        if (block == 0 && kept != 0)
            for (npy_intp j = 0; j < width; ++j) __builtin_prefetch(&out.at(from, column + j), 1);
        for (npy_intp row = from; row < to; ++row) {
            const npy_intp segment = block * sparse.rows + row;
            *(Sums<vectors>*)(sums + (row - from) * WIDTH) =
                sum_terms<vectors>(terms + segment * DEPTH, counts[segment], packed);
        }
        for (npy_intp j = 0; j < width; j += LANES) {
            Aligned square[LANES];
            for (int i = 0; i < LANES; ++i) square[i] = *(const Aligned*)(sums + i * WIDTH + j);
            transpose(square);
            for (npy_intp i = 0; i < std::min<npy_intp>(LANES, width - j); ++i)
                add(alpha * square[i], &out.at(from, column + j + i), to - from, kept);
        }
    }

    template <int vectors> struct Sums {
        Aligned of[vectors];
    };

    template <int vectors>
    static Sums<vectors> sum_terms(const Term<real>* term, npy_intp count, const real* packed)
    {
        Sums<vectors> sums;
        for (int r = 0; r < vectors; ++r) sums.of[r] = Aligned{};
        for (const Term<real>* const end = term + count; term < end; ++term) {
            const Aligned value = term->value - Aligned{};
            const Aligned* const other = (const Aligned*)((const char*)packed + term->offset);
            for (int r = 0; r < vectors; ++r) sums.of[r] += value * other[r];
        }
        return sums;
    }

    // Memory is slow to answer: with each row, ask for some of the lines that are packed next.
    // (Inlined at once, or GCC takes it for a function without effect.)
    __attribute__((always_inline))
    void fetch_next(npy_intp block, npy_intp column, npy_intp width, npy_intp line, npy_intp end)
    {
        const npy_intp first = block * DEPTH, depth = std::min<npy_intp>(DEPTH, dense.rows - first);
        const bool by_rows = dense.right == 1;
        const npy_intp length = by_rows ? width : depth;
        end = std::min(end, by_rows ? depth : width);
        const real* const corner = &dense.at(first, column);
        for (const npy_intp next = by_rows ? dense.down : dense.right; line < end; ++line)
            for (npy_intp j = 0; j < length; j += LINE) __builtin_prefetch(corner + line * next + j);
    }

    // target = kept target + sums; where nothing is kept, what is there does not count, be it no number.
    static void add(const Aligned& sums, real* target, real kept)
    {
        Loose* const values = (Loose*)target;
        if (kept == 0) *values = sums;
        else *values = kept * *values + sums;
    }

    // The same where only `count` values are there.
    static void add(const Aligned& sums, real* target, npy_intp count, real kept)
    {
        if (count == LANES) return add(sums, target, kept);
        Aligned whole = Aligned{};
        for (npy_intp j = 0; j < count; ++j) ((real*)&whole)[j] = target[j];
        add(sums, (real*)&whole, kept);
        for (npy_intp j = 0; j < count; ++j) target[j] = ((real*)&whole)[j];
    }

    // Rows of a block, `width` columns of them, side by side; columns beyond are 0.
    template <int vectors> void pack(npy_intp block, npy_intp column, npy_intp width, real* packed)
    {
        const npy_intp first = block * DEPTH, last = std::min<npy_intp>(first + DEPTH, dense.rows);
        if (width < WIDTH) std::fill(packed, packed + DEPTH * WIDTH, (real)0);
        if (dense.right == 1) {
            for (npy_intp q = first; q < last; ++q, packed += WIDTH) {
                const real* const values = &dense.at(q, column);
                if (width == vectors * LANES)
                    for (int r = 0; r < vectors; ++r)
                        *(Aligned*)(packed + r * LANES) = *(const Loose*)(values + r * LANES);
                else
                    std::copy(values, values + width, packed);
            }
            return;
        }
        const npy_intp whole_rows = (last - first) / LANES * LANES, whole_columns = width / LANES * LANES;
        for (npy_intp j = 0; j < whole_columns; j += LANES)
            for (npy_intp q = 0; q < whole_rows; q += LANES) {
                Aligned square[LANES];
                for (int i = 0; i < LANES; ++i) square[i] = *(const Loose*)&dense.at(first + q, column + j + i);
                transpose(square);
                for (int i = 0; i < LANES; ++i) *(Aligned*)(packed + (q + i) * WIDTH + j) = square[i];
            }
        for (npy_intp j = 0; j < width; ++j)
            for (npy_intp q = j < whole_columns ? whole_rows : 0; q < last - first; ++q)
                packed[q * WIDTH + j] = dense.at(first + q, column + j);
    }

    // A square of LANES vectors: each step lays the upper and the lower half of them into each other like cards.
    static void transpose(Aligned* square)
    {
        typename Vector<real>::Index low, high;
        for (int i = 0; i < LANES / 2; ++i) {
            low[2 * i] = i;
            low[2 * i + 1] = LANES + i;
            high[2 * i] = LANES / 2 + i;
            high[2 * i + 1] = LANES + LANES / 2 + i;
        }
        Aligned next[LANES];
        #pragma GCC unroll 8
        for (int step = 1; step < LANES; step *= 2) {
            #pragma GCC unroll 16
            for (int i = 0; i < LANES / 2; ++i) {
                next[2 * i] = __builtin_shuffle(square[i], square[i + LANES / 2], low);
                next[2 * i + 1] = __builtin_shuffle(square[i], square[i + LANES / 2], high);
            }
            #pragma GCC unroll 16
            for (int i = 0; i < LANES; ++i) square[i] = next[i];
        }
    }
};

// About how many cycles a product takes that passes over the zeros of its left factor; BLAS needs nearly one for each
// LANES multiplications. Measured: a term takes a quarter more, to compress a value two, to pack one half of one.
template <typename real> static double cost(npy_intp rows, npy_intp inner, npy_intp columns, double density)
{
    const double terms = 1.25 * density * (double)rows * (double)columns / ZeroSkipping<real>::LANES;
    return (double)inner * (terms + 2.0 * (double)rows + 0.5 * (double)columns);
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
        const double by_left = cost<real>(left.rows, left.columns, right.columns, of_left);
        const double by_right = cost<real>(right.columns, left.columns, left.rows, of_right);
        if (std::min(by_left, by_right) < work / ZeroSkipping<real>::LANES) {
            if (by_right < by_left) turn(left, right, out);
            const double of_sparse = by_right < by_left ? of_right : of_left;
            const npy_intp step = ZeroSkipping<real>::rows_at_a_time(left, of_sparse);
            for (npy_intp from = 0; from < left.rows; from += step) {
                const npy_intp to = std::min(from + step, left.rows);
                ZeroSkipping<real>(alpha, left.some_rows(from, to), right, beta, out.some_rows(from, to)).work();
            }
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
MULTIPLY = ROUNDING + _MULTIPLY.replace("@LEAST_WORK@", str(LEAST_WORK))
