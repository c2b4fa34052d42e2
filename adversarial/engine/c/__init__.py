"""C++ that Ops and rewrites of the C backend share: headers, and `sources`, which hands them to PyTensor."""
