"""How graphs become fast functions; PyTensor alone computes the same without it, more slowly.

`settings` is what graphs are compiled for, `blas` finds a BLAS. For the C backend, `rewrites/` and `c/` are fused
Ops and products, `graph_cache` (with `graph_table`) caches rewritten graphs on disk, `parallel_compilation` and
`precompiled_headers` shorten compilation, `thread_pool` shares threads between BLAS and our loops, `denormals` flushes
denormal numbers. `jax/` runs many updates in one dispatch, on one device or many. `registry` is what Ops tell of
themselves, `compat` all that depends on PyTensor's private names. With `backend.configure(engine="plain")` only
`settings`, `blas`, `registry` and the Ops of ops/ remain: PyTensor's linkers (cvm, numba, JAX) and its rewrites of
FAST_RUN compile every graph, and updates run one by one. (OpenBLAS that shares its threads by then goes on to share
them.) Nothing here knows the paper: no layer, no game, no training. `backend.py` is the only way in.
"""
