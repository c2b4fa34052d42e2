"""What Ops and rewrites register for the backends when they are imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

#: The tag of rewrites that only the C backend with the fast engine includes.
C_ONLY = "adversarial_c"
#: The same of JAX.
JAX_ONLY = "adversarial_jax"

_pending: dict[str, list[Callable[[], None]]] = {"numba": [], "jax": []}


def registers_for(backend: Literal["numba", "jax"]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Decorate a function that registers an Op with numba or JAX; it runs once, before a graph is compiled for them.

    Both are slow to import, so an Op's module must not do so before they are in use.

    Parameters
    ----------
    backend : {'numba', 'jax'}
        For which backend it registers.

    Returns
    -------
    callable
        The decorator, which returns the function unchanged.
    """

    def decorate(register: Callable[[], None]) -> Callable[[], None]:
        _pending[backend].append(register)
        return register

    return decorate


def register_ops(backend: str) -> None:
    """Run the registrations for `backend` that have not run yet."""
    pending = _pending.get(backend, [])
    while pending:
        pending.pop()()
