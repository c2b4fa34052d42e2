"""What the C backend makes of graphs beyond PyTensor's own rewrites: importing this registers all of it."""

from adversarial.ops import elementwise, joined_products, maxout, sums, zero_skipping

__all__ = ["elementwise", "joined_products", "maxout", "sums", "zero_skipping"]
