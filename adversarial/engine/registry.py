"""What Ops and rewrites tell the backends of themselves when they are imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

#: The tag of rewrites that only the C backend takes.
C_ONLY = "adversarial_c"

_pending: dict[str, list[Callable[[], None]]] = {"numba": [], "jax": []}


def registers_for(backend: Literal["numba", "jax"]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Decorate the function that makes an Op known to numba or JAX; it runs once, before a graph is compiled for it.

    Both are slow to import, so an Op's module leaves that until they are in use.
    """

    def decorate(register: Callable[[], None]) -> Callable[[], None]:
        _pending[backend].append(register)
        return register

    return decorate


def register_ops(backend: str) -> None:
    """Run the registrations for `backend` that have not been run yet."""
    pending = _pending.get(backend, [])
    while pending:
        pending.pop()()
