"""What the C backend makes of graphs beyond PyTensor's own rewrites: importing this package registers all of it."""

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
