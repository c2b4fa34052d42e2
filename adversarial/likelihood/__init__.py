"""Log-likelihoods of data under a generator that can only be sampled: on plain arrays, without models.

parzen             the Parzen window of the paper's Table 1, for many widths at once
cross_validation   the choice of the width
convergence        how many samples a stable answer takes
bernoulli          the same mean over samples, for binary data
"""
