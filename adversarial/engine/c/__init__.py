"""C++ that Ops and rewrites of the C backend share."""
