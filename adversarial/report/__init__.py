"""A trained model as one HTML page that needs nothing else: what happened, what came of it, and its generator, live."""
