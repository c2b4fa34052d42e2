// Products made in tiles; products.h says when.
//
// A tile is some columns of the right factor, cut into blocks of its rows that stay in the first-level cache. A thread
// takes a stretch of the left factor's rows, gathers for itself the terms that are not 0, and makes these rows of the
// output tile by tile: from the terms that it gathered, or, where most values are not 0, from all of them, several rows
// at a time.
#ifndef ADVERSARIAL_TILES
#define ADVERSARIAL_TILES
#include <algorithm>
#include <numeric>
#include <vector>
#include "share.h"
#include "terms.h"

namespace adversarial {
// Rows of the left factor that are multiplied at once where its zeros are not skipped: with VECTORS sums each they
// take most registers. With vectors of 64 bytes such products take .85 to 1.02 of OpenBLAS's time and less of MKL's
// (Zen 4); with shorter ones they are left to BLAS.
enum { GROUP = 6, WHOLE = VECTOR_BYTES == 64 };
// Whether terms of two rows at a time are summed: with vectors of 64 bytes that takes 8 of 32 registers for sums, with
// shorter ones it would take all of 16, and sums would go to memory and back.
enum { IN_PAIRS = VECTOR_BYTES == 64 };

// out = alpha left right + beta out, by `TiledProduct<real>(alpha, left, right, beta, out, skips, density).work()`.
template <typename real> struct TiledProduct {
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    enum { LANES = Vector<real>::LANES, WIDTH = LANES * VECTORS, LINE = 64 / sizeof(real) };
    enum { ROWS_OF_A_PART = 48, AHEAD = 4 };  // AHEAD: rows, for prefetching

    const Matrix<real> left, right, out;  // (m, k), (k, n), (m, n)
    const real alpha, beta;
    const bool skips;              // the zeros of the left factor
    const npy_intp blocks, depth;  // parts of the inner axis, and the length of one
    const npy_intp tiles, threads;
    npy_intp across;               // threads that share the tiles of a stretch of rows
    npy_intp stretches, length;    // stretches of rows, and rows of one
    const npy_uint64 number;       // of the product: no other has had it

    // `density` is about the share of values of the left factor that are not 0.
    TiledProduct(real alpha, const Matrix<real>& left, const Matrix<real>& right, real beta, const Matrix<real>& out,
                 bool skips, double density)
        : left(left), right(right), out(out), alpha(alpha), beta(beta), skips(skips),
          blocks((left.columns + DEPTH - 1) / DEPTH), depth(in_lanes((left.columns + blocks - 1) / blocks)),
          tiles((right.columns + WIDTH - 1) / WIDTH), threads(adversarial::threads()), number(next_number())
    {
        divide(density);
    }

    static npy_intp in_lanes(npy_intp length) { return (length + LANES - 1) / LANES * LANES; }

    // Estimate the cycles that a product takes, divided by its inner length, where BLAS needs one for each LANES
    // multiplications. Measured: a term takes a little more; to gather a value takes two cycles, to pack one half a
    // cycle. With two multipliers a cycle is half as long, but not for terms, whose values are loaded one by one. With
    // shorter vectors a block has so few terms that to begin and to end with it takes a tenth of BLAS's time.
    static double cycles(double rows, double columns, double density, bool skips)
    {
        return of_terms(rows, columns, density) - (skips ? 0.0 : gathering(rows)) + packing(columns);
    }
    static double of_terms(double rows, double columns, double density)
    {
        const double each = (TWO_MULTIPLIERS ? 1.4 : WHOLE ? 1.05 : 1.25) * density + (WHOLE ? 0.0 : 0.1);
        return each * rows * columns / LANES + gathering(rows);
    }
    static double gathering(double rows) { return (TWO_MULTIPLIERS ? 4.0 : 2.0) * rows; }
    static double packing(double columns) { return 0.5 * columns; }

    // Divide the work. Each thread has rows and tiles of its own, as what another thread wrote is slow to read.
    // Threads that share rows gather the same terms, threads that share tiles pack the same ones: find the cheapest.
    void divide(double density)
    {
        double least = 0;
        for (npy_intp ways = 1; ways <= threads; ++ways) {
            if (threads % ways) continue;
            const double rows = (double)((left.rows * ways + threads - 1) / threads);
            const double columns = (double)((tiles + ways - 1) / ways * WIDTH);
            const double found = cycles(rows, columns, density, skips);
            if (ways == 1 || found < least) least = found, across = ways;
        }
        // All tiles read the terms of a stretch again, so these should stay in the second-level cache; but the tiles
        // are packed for each stretch again, so it should have many rows.
        const npy_intp groups = threads / across;
        const double terms = std::max(density * (double)left.columns, (double)left.columns / 64);
        const npy_intp most = std::max((npy_intp)((1 << 20) / (sizeof(Term<real>) * terms)), (npy_intp)128);
        const npy_intp rows = (left.rows + groups - 1) / groups, times = skips ? (rows + most - 1) / most : 1;
        length = in_lanes((rows + times - 1) / times);
        stretches = (left.rows + length - 1) / length;
    }

    static npy_uint64 next_number()
    {
        static npy_uint64 last = 0;
        return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
    }

    // A thread makes its own tiles of one stretch after the other. To help another it must gather terms that the other
    // has: that is worth it where some tiles are left.
    void work()
    {
        // Threads that make neighbouring tiles write to the same cache lines at their edges, which takes twice the time
        // where they share no cache: so each begins elsewhere.
        const npy_intp each = (tiles + across - 1) / across, groups = threads / across;
        const npy_intp own = (stretches + groups - 1) / groups;
        share_lanes(threads, own * each, 2, [this, own, each](npy_intp lane, npy_intp part) {
            const npy_intp stretch = lane / across * own + part / each, tile = lane % across * each + part % each;
            if (stretch >= stretches || tile >= tiles) return;
            const npy_intp from = stretch * length, to = std::min(from + length, left.rows);
            make_tile(Terms<real>(left, blocks, depth, from, to, skips, number), tile * WIDTH);
        });
    }

    void make_tile(const Terms<real>& terms, npy_intp column)
    {
        const npy_intp width = std::min<npy_intp>(WIDTH, right.columns - column);
        if (width > VECTORS / 2 * LANES) make_tile<VECTORS>(terms, column, width);
        else if (width > VECTORS / 4 * LANES) make_tile<VECTORS / 2>(terms, column, width);
        else make_tile<VECTORS / 4>(terms, column, width);
    }

    template <int vectors> void make_tile(const Terms<real>& terms, npy_intp column, npy_intp width)
    {
        const npy_intp from = terms.from, to = terms.to;
        alignas(VECTOR_BYTES) real packed[DEPTH * WIDTH];
        for (npy_intp block = 0; block < blocks; ++block) {
            pack<vectors>(block, column, width, packed);
            if (out.right != 1)
                for (npy_intp row = from; row < to; row += LANES)
                    make_columns<vectors>(terms, block, column, width, row, packed);
            else {
                const Piece piece(*this, block, column, width, from, to);
                for (npy_intp row = from; row < to; row += ROWS_OF_A_PART) {
                    const npy_intp end = std::min<npy_intp>(row + ROWS_OF_A_PART, to);
                    if (!skips || few_zeros(terms, block, row, end)) make_whole_rows<vectors>(piece, row, end, packed);
                    else make_rows<vectors>(piece, terms, row, end, packed);
                }
            }
        }
    }

    // What a thread makes at a time: some rows of a tile. To hide the latency of memory it prefetches, with each row,
    // a row of the output some rows ahead and some of the lines that are packed next.
    struct Piece {
        const npy_intp block, column, width, from, to;
        const real keep;               // factor of the output's old values
        const real* corner;            // first value that is packed next
        npy_intp lines, next, length;  // lines that are packed next, from one to the next, values of one
        npy_intp share;                // lines to prefetch with each row, times 2^16: even shares without divisions

        Piece(const TiledProduct& all, npy_intp block, npy_intp column, npy_intp width, npy_intp from, npy_intp to)
            : block(block), column(column), width(width), from(from), to(to), keep(block == 0 ? all.beta : (real)1)
        {
            const npy_intp first = (block + 1) * all.depth, inner = std::min(all.depth, all.right.rows - first);
            const bool by_rows = all.right.right == 1;
            lines = block + 1 == all.blocks ? 0 : by_rows ? inner : width;
            length = by_rows ? width : inner;
            next = by_rows ? all.right.down : all.right.right;
            corner = lines ? &all.right.at(first, column) : nullptr;
            share = (lines << 16) / (to - from) + 1;
        }

        // (Always inline: otherwise GCC takes it for a function without effect.)
        __attribute__((always_inline)) void prefetch(const Matrix<real>& out, npy_intp row) const
        {
            if (block == 0 && keep != 0 && row + AHEAD < to)
                for (npy_intp j = 0; j < width; j += LINE) __builtin_prefetch(&out.at(row + AHEAD, column + j), 1);
            const npy_intp end = std::min((row - from + 1) * share >> 16, lines);
            for (npy_intp line = (row - from) * share >> 16; line < end; ++line)
                for (npy_intp j = 0; j < length; j += LINE) __builtin_prefetch(corner + line * next + j);
        }
    };

    // Whether rows have so many terms in a block that it is faster to multiply all their values.
    bool few_zeros(const Terms<real>& terms, npy_intp block, npy_intp from, npy_intp to) const
    {
        const npy_int32* const counts = terms.counts + terms.segment(block, from);
        const npy_intp found = std::accumulate(counts, counts + (to - from), (npy_intp)0);
        const npy_intp values = (to - from) * std::min(depth, left.columns - block * depth);
        return WHOLE && 5 * found > (TWO_MULTIPLIERS ? 3 : 4) * values;
    }

    template <int vectors>
    void make_rows(const Piece& piece, const Terms<real>& terms, npy_intp from, npy_intp to, const real* packed)
    {
        const real scale = alpha, keep = piece.keep;
        const npy_intp width = piece.width, down = out.down;
        npy_intp segment = terms.segment(piece.block, from);
        real* target = &out.at(from, piece.column);
        npy_intp row = from;
        for (; IN_PAIRS && row + 2 <= to; row += 2, segment += 2, target += 2 * down) {
            piece.prefetch(out, row);
            piece.prefetch(out, row + 1);
            Sums<vectors> sums[2];
            sum_terms<vectors>(terms, segment, packed, sums);
            add(scale, sums[0], target, width, keep);
            add(scale, sums[1], target + down, width, keep);
        }
        for (; row < to; ++row, ++segment, target += down) {
            piece.prefetch(out, row);
            const Sums<vectors> sums = sum_terms<vectors>(terms, segment, packed);
            add(scale, sums, target, width, keep);
        }
    }

    // The same from all values of rows, several rows at a time.
    template <int vectors> void make_whole_rows(const Piece& piece, npy_intp from, npy_intp to, const real* packed)
    {
        for (; from + GROUP <= to; from += GROUP) {
            for (int i = 0; i < GROUP; ++i) piece.prefetch(out, from + i);
            make_group<vectors, GROUP>(piece, from, packed);
        }
        for (; from < to; ++from) {
            piece.prefetch(out, from);
            make_group<vectors, 1>(piece, from, packed);
        }
    }

    // Each vector of the tile is loaded once for all of these rows.
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
        for (int i = 0; i < rows; ++i) add(alpha, sums[i], &out.at(row + i, piece.column), piece.width, piece.keep);
    }

    // LANES rows at a time are transposed, for an output whose columns are contiguous.
    template <int vectors>
    void make_columns(const Terms<real>& terms, npy_intp block, npy_intp column, npy_intp width, npy_intp from,
                      const real* packed)
    {
        const npy_intp to = std::min<npy_intp>(from + LANES, terms.to), segment = terms.segment(block, from);
        alignas(VECTOR_BYTES) real sums[LANES * WIDTH];
        const real keep = block == 0 ? beta : (real)1;
        if (block == 0 && keep != 0)
            for (npy_intp j = 0; j < width; ++j) __builtin_prefetch(&out.at(from, column + j), 1);
        npy_intp i = 0;
        for (; IN_PAIRS && i + 2 <= to - from; i += 2) {
            Sums<vectors> both[2];
            sum_terms<vectors>(terms, segment + i, packed, both);
            for (int k = 0; k < 2; ++k) *(Sums<vectors>*)(sums + (i + k) * WIDTH) = both[k];
        }
        for (; i < to - from; ++i) *(Sums<vectors>*)(sums + i * WIDTH) = sum_terms<vectors>(terms, segment + i, packed);
        for (npy_intp j = 0; j < width; j += LANES) {
            Aligned square[LANES];
            for (int i = 0; i < LANES; ++i) square[i] = *(const Aligned*)(sums + i * WIDTH + j);
            transpose<real>(square);
            for (npy_intp i = 0; i < std::min<npy_intp>(LANES, width - j); ++i)
                add(alpha * square[i], &out.at(from, column + j + i), to - from, keep);
        }
    }

    template <int vectors> struct Sums {
        Aligned of[vectors];
    };

    template <int vectors>
    static inline __attribute__((always_inline)) void add_term(const Term<real>* term, const real* packed,
                                                               Sums<vectors>& sums)
    {
        npy_intp offset;
        const Aligned value = (Aligned)broadcast(term, offset);
        const Aligned* const other = (const Aligned*)((const char*)packed + offset);
        #pragma GCC unroll 8
        for (int r = 0; r < vectors; ++r) sums.of[r] += value * other[r];
    }

    // The terms of a segment, and of the one after it where there are two. Those of one row wait for one another, each
    // until the last is added: of two rows at a time more are under way.
    template <int vectors, int segments>
    static inline __attribute__((always_inline)) void sum_segments(const Terms<real>& terms, npy_intp segment,
                                                                   const real* packed, Sums<vectors>* result)
    {
        const Term<real>* term[segments];
        npy_intp left[segments];
        Sums<vectors> sums[segments];
        npy_intp together = DEPTH;
        for (int s = 0; s < segments; ++s) {
            term[s] = terms.entries + (segment + s) * DEPTH;
            left[s] = terms.counts[segment + s];
            together = std::min(together, left[s]);
            for (int r = 0; r < vectors; ++r) sums[s].of[r] = Aligned{};
            const Term<real>* const next = term[s] + segments * DEPTH;
            for (npy_intp i = 0; i < left[s]; i += 64 / sizeof(Term<real>)) __builtin_prefetch(next + i);
        }
        for (npy_intp i = 0; i < together; ++i)
            #pragma GCC unroll 2
            for (int s = 0; s < segments; ++s) add_term<vectors>(term[s] + i, packed, sums[s]);
        #pragma GCC unroll 2
        for (int s = 0; s < segments; ++s) {
            for (npy_intp i = together; i < left[s]; ++i) add_term<vectors>(term[s] + i, packed, sums[s]);
            result[s] = sums[s];
        }
    }

    template <int vectors>
    static Sums<vectors> sum_terms(const Terms<real>& terms, npy_intp segment, const real* packed)
    {
        Sums<vectors> sums;
        sum_segments<vectors, 1>(terms, segment, packed, &sums);
        return sums;
    }

    template <int vectors>
    static void sum_terms(const Terms<real>& terms, npy_intp segment, const real* packed, Sums<vectors> (&sums)[2])
    {
        sum_segments<vectors, 2>(terms, segment, packed, sums);
    }

    // target = keep target + sums. As in BLAS, a target that is not kept is not read: it may be NaN.
    static void add(const Aligned& sums, real* target, real keep)
    {
        Loose* const values = (Loose*)target;
        if (keep == 0) *values = sums;
        else *values = keep * *values + sums;
    }

    template <int vectors>
    static void add(real scale, const Sums<vectors>& sums, real* target, npy_intp width, real keep)
    {
        if (width == vectors * LANES)
            for (int r = 0; r < vectors; ++r) add(scale * sums.of[r], target + r * LANES, keep);
        else
            for (npy_intp r = 0, rest = width; rest > 0; ++r, rest -= LANES)
                add(scale * sums.of[r], target + r * LANES, std::min<npy_intp>(rest, LANES), keep);
    }

    // The same for the first `count` values of a vector.
    static void add(const Aligned& sums, real* target, npy_intp count, real keep)
    {
        if (count == LANES) return add(sums, target, keep);
        Aligned whole = Terms<real>::load(target, count);
        add(sums, (real*)&whole, keep);
        for (npy_intp j = 0; j < count; ++j) target[j] = ((real*)&whole)[j];
    }

    // Pack a block of a tile: its rows one after the other, of WIDTH values, those from `width` on 0.
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
                transpose<real>(square);
                for (int i = 0; i < LANES; ++i) *(Aligned*)(packed + (q + i) * WIDTH + j) = square[i];
            }
        for (npy_intp j = 0; j < width; ++j)
            for (npy_intp q = j < whole_columns ? whole_rows : 0; q < last - first; ++q)
                packed[q * WIDTH + j] = right.at(first + q, column + j);
    }
};
}  // namespace adversarial
#endif
