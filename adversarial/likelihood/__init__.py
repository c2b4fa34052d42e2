"""Log-likelihoods of data under a generator that only samples: on plain arrays, nothing here knows of models.

parzen             the Parzen window of the paper's Table 1, for many widths at once
cross_validation   the choice of the width
convergence        how many samples a stable answer takes
bernoulli          the same mean over samples, for binary data
curve_figure       a picture of log-likelihood against width
arrays             samples and data in files, read a block at a time
"""
