"""Rewrites of the C backend beyond PyTensor's own: importing this package registers all of them."""

from adversarial.engine.rewrites import (
    elementwise,
    fused_outputs,
    joined_products,
    maxout,
    sums,
    updates_in_place,
    zero_skipping,
)

__all__ = ["elementwise", "fused_outputs", "joined_products", "maxout", "sums", "updates_in_place", "zero_skipping"]
