"""Ops that the experiments of 2014 need and PyTensor lacks: a file for each, with all its backends.

Each Op is pure. `make_node` checks and infers static shapes; `perform` in NumPy is the readable truth that every
backend is tested against; `c_code` calls a function of a header in `engine/c`; gradients are symbolic. numba and JAX
implementations are registered by type when the backend is first used.
"""
