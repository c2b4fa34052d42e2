"""A trained model as one self-contained HTML page: its training, its results, and its generator, live."""
