"""C++ of products made in tiles, for `c_products`, which has the matrices and says when they are made so.

A tile is some columns of the right factor, cut into blocks of its rows that stay in the first-level cache. A thread
makes all rows of the output under a tile, or a stretch of them: from the terms of the left factor that are not 0, which
were gathered before, or from all of its values, several rows at a time.
"""

from __future__ import annotations

#: `adversarial::TiledProduct(alpha, left, right, beta, out, skips).work()` makes out = alpha left right + beta out.
TILES = r"""
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, VECTORS = 4 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, VECTORS = 8 };
#else
enum { VECTOR_BYTES = 16, VECTORS = 8 };
#endif
// Most rows of a tile of the right factor: with WIDTH columns it nearly fills the first-level cache.
enum { DEPTH = 112 };
// Rows of the left factor that are multiplied at once where its zeros are not passed over: with VECTORS sums each they
// take most registers. With vectors of 64 bytes such products take .85 of OpenBLAS's time and less of MKL's (Zen 4);
// with shorter ones BLAS is left to make them.
enum { GROUP = 6, WHOLE = VECTOR_BYTES == 64 };

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

// A value of the sparse factor, and by how many bytes into a tile the row lies that it multiplies.
template <typename real> struct Term {
    real value;
    typename Vector<real>::Offset offset;
};

template <typename real> struct TiledProduct {
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    enum { LANES = VECTOR_BYTES / sizeof(real), WIDTH = LANES * VECTORS, LINE = 64 / sizeof(real) };
    enum { ROWS_OF_A_PART = 48, AHEAD = 4 };
    // Rows of the sparse factor that are compressed at a time: each tile reads their terms again, so they should stay
    // in the second-level cache; but the other factor is packed for them again, so they should be many. There are
    // places for all values, though, of which few may be terms.
    static npy_intp rows_at_a_time(const Matrix<real>& left, double density)
    {
        const double inner = (double)left.columns, terms_of_a_row = std::max(density * inner, inner / 64);
        const npy_intp most = std::max((npy_intp)((1 << 20) / (sizeof(Term<real>) * terms_of_a_row)), (npy_intp)128);
        const npy_intp times = (left.rows + most - 1) / most;
        return (left.rows + times - 1) / times;
    }

    const Matrix<real> left, right, out;  // (m, k), (k, n), (m, n)
    const real alpha, beta;
    const bool skips;              // over the zeros of the left factor
    const npy_intp blocks, depth;  // parts of the inner axis, and the length of one
    Term<real>* terms;             // DEPTH places for each row of each block of columns
    npy_int32* counts;             // of terms in those places

    TiledProduct(real alpha, const Matrix<real>& left, const Matrix<real>& right, real beta, const Matrix<real>& out,
                 bool skips)
        : left(left), right(right), out(out), alpha(alpha), beta(beta), skips(skips),
          blocks((left.columns + DEPTH - 1) / DEPTH), depth((left.columns + blocks - 1) / blocks)
    {
        if (!skips) return;
        // Kept from call to call: fresh memory costs as much as the terms that go there. One thread at a time is here.
        static std::vector<Term<real>> kept_terms;
        static std::vector<npy_int32> kept_counts;
        const size_t segments = (size_t)(blocks * left.rows);
        if (kept_terms.size() < segments * DEPTH) kept_terms.resize(segments * DEPTH);
        if (kept_counts.size() < segments) kept_counts.resize(segments);
        terms = kept_terms.data();
        counts = kept_counts.data();
    }

    void work()
    {
        const npy_intp parts = (left.rows + ROWS_OF_A_PART - 1) / ROWS_OF_A_PART;
        const npy_intp tiles = (right.columns + WIDTH - 1) / WIDTH;
        // Several pieces of work a thread, so that none waits long for another.
        const npy_intp threads = omp_get_max_threads(), wanted = (4 * threads + tiles - 1) / tiles;
        const npy_intp cuts = std::max<npy_intp>(std::min(wanted, parts / 2), 1);
        const npy_intp cut = ((left.rows + cuts - 1) / cuts + LANES - 1) / LANES * LANES;
        // Threads that made neighbouring tiles would write to the same lines of the cache at their edges, which takes
        // twice the time where the threads have no cache in common: so each begins in a stretch of its own.
        const npy_intp stretch = (tiles * cuts + threads - 1) / threads;
        const unsigned int rounding = ADVERSARIAL_ROUNDING;
        (void)rounding;
        #pragma omp parallel
        {
            ADVERSARIAL_ROUND_AS(rounding)
            #pragma omp for schedule(static)
            for (npy_intp i = 0; i < (skips ? blocks * parts : 0); ++i)
                compress(i / parts, i % parts * ROWS_OF_A_PART);
            #pragma omp for schedule(dynamic, 1)
            for (npy_intp i = 0; i < threads * stretch; ++i) {
                const npy_intp piece = i % threads * stretch + i / threads, from = piece % cuts * cut;
                if (piece < tiles * cuts && from < left.rows)
                    make_tile(piece / cuts * WIDTH, from, std::min(from + cut, left.rows));
            }
        }
    }

    void compress(npy_intp block, npy_intp from)
    {
        const npy_intp to = std::min<npy_intp>(from + ROWS_OF_A_PART, left.rows);
        const npy_intp first = block * depth, last = std::min(first + depth, left.columns);
        const npy_intp step = WIDTH * sizeof(real);
        Term<real>* const places = terms + block * left.rows * DEPTH;
        npy_int32* const count = counts + block * left.rows;
        // Each value is written where the next term belongs, which moves on where it was one: no jumps.
        if (left.right == 1) {
            for (npy_intp row = from; row < to; ++row) {
                const real* const values = left.data + row * left.down;
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
                const real* const values = left.data + q * left.right;
                for (npy_intp row = from; row < to; ++row) {
                    Term<real>& place = places[row * DEPTH + count[row]];
                    place.value = values[row * left.down];
                    place.offset = (q - first) * step;
                    count[row] += values[row * left.down] != 0;
                }
            }
        }
    }

    void make_tile(npy_intp column, npy_intp from, npy_intp to)
    {
        const npy_intp width = std::min<npy_intp>(WIDTH, right.columns - column);
        if (width > VECTORS / 2 * LANES) make_tile<VECTORS>(column, width, from, to);
        else if (width > VECTORS / 4 * LANES) make_tile<VECTORS / 2>(column, width, from, to);
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
            else {
                const Piece piece(*this, block, column, width, from, to);
                for (npy_intp row = from; row < to; row += ROWS_OF_A_PART) {
                    const npy_intp end = std::min<npy_intp>(row + ROWS_OF_A_PART, to);
                    if (!skips || few_zeros(block, row, end)) make_whole_rows<vectors>(piece, row, end, packed);
                    else make_rows<vectors>(piece, row, end, packed);
                }
            }
        }
    }

    // What a thread makes at a time: some rows of a tile. Memory is slow to answer: so with each row it asks for what
    // is added to some rows on, and for some of the lines that are packed next.
    struct Piece {
        const npy_intp block, column, width, from, to;
        const real kept;               // of what is there
        const real* corner;            // of what is packed next
        npy_intp lines, next, length;  // of it: how many, from one to the next, values of one
        npy_intp share;                // of the lines, for each row, times 2^16: even shares without divisions

        Piece(const TiledProduct& all, npy_intp block, npy_intp column, npy_intp width, npy_intp from, npy_intp to)
            : block(block), column(column), width(width), from(from), to(to), kept(block == 0 ? all.beta : (real)1)
        {
            const npy_intp first = (block + 1) * all.depth, inner = std::min(all.depth, all.right.rows - first);
            const bool by_rows = all.right.right == 1;
            lines = block + 1 == all.blocks ? 0 : by_rows ? inner : width;
            length = by_rows ? width : inner;
            next = by_rows ? all.right.down : all.right.right;
            corner = lines ? &all.right.at(first, column) : nullptr;
            share = (lines << 16) / (to - from) + 1;
        }

        // (Inlined at once, or GCC takes it for a function without effect.)
        __attribute__((always_inline)) void fetch(const Matrix<real>& out, npy_intp row) const
        {
            if (block == 0 && kept != 0 && row + AHEAD < to)
                for (npy_intp j = 0; j < width; j += LINE) __builtin_prefetch(&out.at(row + AHEAD, column + j), 1);
            const npy_intp end = std::min((row - from + 1) * share >> 16, lines);
            for (npy_intp line = (row - from) * share >> 16; line < end; ++line)
                for (npy_intp j = 0; j < length; j += LINE) __builtin_prefetch(corner + line * next + j);
        }
    };

    // Whether rows have so many terms in a block that all their values are multiplied in less time.
    bool few_zeros(npy_intp block, npy_intp from, npy_intp to) const
    {
        const npy_int32* const count = counts + block * left.rows;
        npy_intp found = 0;
        for (npy_intp row = from; row < to; ++row) found += count[row];
        return WHOLE && 3 * found > 2 * (to - from) * std::min(depth, left.columns - block * depth);
    }

    template <int vectors> void make_rows(const Piece& piece, npy_intp from, npy_intp to, const real* packed)
    {
        const real scale = alpha, kept = piece.kept;
        const npy_intp width = piece.width, down = out.down;
        const npy_int32* const count = counts + piece.block * left.rows;
        const Term<real>* const places = terms + piece.block * left.rows * DEPTH;
        real* target = &out.at(from, piece.column);
        for (npy_intp row = from; row < to; ++row, target += down) {
            piece.fetch(out, row);
            const Sums<vectors> sums = sum_terms<vectors>(places + row * DEPTH, count[row], packed);
            add(scale, sums, target, width, kept);
        }
    }

    // The same for rows of which nothing is passed over, several at a time.
    template <int vectors> void make_whole_rows(const Piece& piece, npy_intp from, npy_intp to, const real* packed)
    {
        for (; from + GROUP <= to; from += GROUP) {
            for (int i = 0; i < GROUP; ++i) piece.fetch(out, from + i);
            make_group<vectors, GROUP>(piece, from, packed);
        }
        for (; from < to; ++from) {
            piece.fetch(out, from);
            make_group<vectors, 1>(piece, from, packed);
        }
    }

    // Each vector of the tile is read once for all of them.
    template <int vectors, int rows> void make_group(const Piece& piece, npy_intp row, const real* packed)
    {
        const npy_intp down = left.down, next = left.right;
        const npy_intp first = piece.block * depth, inner = std::min(depth, left.columns - first);
        const real* values = &left.at(row, first);
        Sums<vectors> sums[rows] = {};
        for (npy_intp q = 0; q < inner; ++q, values += next, packed += WIDTH)
            #pragma GCC unroll 8
            for (int r = 0; r < vectors; ++r) {
                const Aligned other = *(const Aligned*)(packed + r * LANES);
                #pragma GCC unroll 8
                for (int i = 0; i < rows; ++i) sums[i].of[r] += (values[i * down] - Aligned{}) * other;
            }
        for (int i = 0; i < rows; ++i) add(alpha, sums[i], &out.at(row + i, piece.column), piece.width, piece.kept);
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
            const npy_intp segment = block * left.rows + row;
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

    // target = kept target + sums; where nothing is kept, what is there does not count, be it no number.
    static void add(const Aligned& sums, real* target, real kept)
    {
        Loose* const values = (Loose*)target;
        if (kept == 0) *values = sums;
        else *values = kept * *values + sums;
    }

    template <int vectors>
    static void add(real scale, const Sums<vectors>& sums, real* target, npy_intp width, real kept)
    {
        if (width == vectors * LANES)
            for (int r = 0; r < vectors; ++r) add(scale * sums.of[r], target + r * LANES, kept);
        else
            for (npy_intp r = 0, rest = width; rest > 0; ++r, rest -= LANES)
                add(scale * sums.of[r], target + r * LANES, std::min<npy_intp>(rest, LANES), kept);
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
        const npy_intp first = block * depth, last = std::min(first + depth, right.rows);
        if (width < WIDTH) std::fill(packed, packed + DEPTH * WIDTH, (real)0);
        if (right.right == 1) {
            for (npy_intp q = first; q < last; ++q, packed += WIDTH) {
                const real* const values = &right.at(q, column);
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
                for (int i = 0; i < LANES; ++i) square[i] = *(const Loose*)&right.at(first + q, column + j + i);
                transpose(square);
                for (int i = 0; i < LANES; ++i) *(Aligned*)(packed + (q + i) * WIDTH + j) = square[i];
            }
        for (npy_intp j = 0; j < width; ++j)
            for (npy_intp q = j < whole_columns ? whole_rows : 0; q < last - first; ++q)
                packed[q * WIDTH + j] = right.at(first + q, column + j);
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
"""
