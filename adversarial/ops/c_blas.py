"""C code of Ops that multiply by BLAS: what they derive from, and a product in C++'s clothes."""

from __future__ import annotations

try:
    from pytensor.tensor.blas.blas_c import BaseBLAS
except ModuleNotFoundError:  # where PyTensor before 3.3 has it
    from pytensor.tensor.blas_c import BaseBLAS

__all__ = ["GEMM", "BaseBLAS"]

#: `adversarial::gemm`: c = alpha a b + beta c, by columns as BLAS counts, for both floats.
GEMM = r"""
#ifndef ADVERSARIAL_GEMM
#define ADVERSARIAL_GEMM
namespace adversarial {

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

}
#endif
"""
