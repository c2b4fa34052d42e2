"""PyTensor Ops that PyTensor lacks; one file an Op, all its backends side by side in it.

Each Op is pure. `make_node` checks and infers static shapes; `perform` in NumPy is the readable truth that every
backend is tested against; `c_code` is the fast path, versioned; gradients are symbolic. numba and JAX register
themselves by type where they are installed.
"""
