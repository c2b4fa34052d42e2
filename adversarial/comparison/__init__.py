"""An experiment beside those of 2014: every hyperparameter, the first updates, and the results of the paper."""
