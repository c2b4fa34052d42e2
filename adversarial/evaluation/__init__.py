"""The number of Table 1: Parzen-window log-likelihoods of models and of anybody's samples."""
