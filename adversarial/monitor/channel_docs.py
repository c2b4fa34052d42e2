"""What the channels measure that every experiment has, told by the ends of their names."""

from __future__ import annotations

import re

_WORDS = {"max": "largest", "min": "smallest", "mean": "mean", "range": "range"}
#: Whose a channel is, by what stands before the layer's name.
_OWNERS = (
    ("dis_on_data_", "D on data (in runs with the slips of 2014 on samples)"),
    ("dis_on_samp_", "D on samples (in runs with the slips of 2014 on data)"),
    ("gen_", "G"),
    ("inf_", "the inferer"),
    ("mf_", "the mean-field means"),
)
_STATISTIC = "(?P<first>min|mean|max)"
#: What ends a name, and what is measured; the first that fits. Braces hold the groups in words.
_CHANNELS = (
    ("learning_rate", "the factor of the gradient in an update"),
    ("momentum", "the share of an update that is added to the next"),
    ("objective_d", "what D minimises, in nats: half the cross-entropy of telling data from samples in the usual game, "
     ".693 where it can only guess"),
    ("objective_g", "what G minimises, in nats: -log D(G(z)) in the usual game, small where its samples pass for data"),
    ("objective_i", "what the inferer minimises: how far it is from the z of samples"),
    ("objective", "what training minimises; in a game, the sum of the objectives of the players that learn"),
    ("false_positives", "the fraction of samples that D takes for data"),
    ("false_negatives", "the fraction of data that D takes for samples"),
    ("sample_grad_norm", "the norm of the gradient, with respect to a minibatch of samples, of D's cost with its own "
     "verdict as the target"),
    ("now_train_generator", "1 where G learns in the next update, 0 where it waits"),
    ("gen_ll_averaged", "gen_ll of samples drawn with the averages of G's parameters"),
    ("gen_ll", "the log-likelihood of examples under a Parzen window of a few samples of G and one width, in nats per "
     "example: a running estimate, far below that of parzen_ll.py"),
    ("gen_nll", "minus gen_ll, in nats per example"),
    ("(?P<side>row|col|kernel)_norms_" + _STATISTIC, "the {first} norm of {side}"),
    ("(?P<second>max|min|mean|range)_x[._](?P<first>max|mean|min)_u", "the {first} over units of the {second} over the "
     "examples of a minibatch of what the layer's units put out"),
    (_STATISTIC + "_max_class", "the {first} over examples of the probability of the likeliest class"),
    ("misclass", "the fraction of examples that are misclassified"),
    ("nll", "the negative log-likelihood of the targets, in nats per example"),
    ("mse", "the squared error of the output, a mean over its values"),
    ("01_loss", "the fraction of the output's bits that are wrong"),
    ("kl", "the cross-entropy of the targets, in nats"),
    ("reconstruction_error", "the squared error of a reconstruction of the examples, summed over their values"),
    ("bias_vis_" + _STATISTIC, "the {first} bias of the visible units"),
    ("bias_hid_" + _STATISTIC, "the {first} bias of the hidden units"),
    ("h_" + _STATISTIC, "the {first} over hidden units of their mean activity on a minibatch"),
)  # fmt: skip
_SIDES = {
    "row": "the rows of the layer's weights, a row an input",
    "col": "the columns of the layer's weights, a column a unit",
    "kernel": "the layer's kernels",
}


def doc_of(name: str) -> str:
    """Return what a channel of that name measures, or '' for a name of nobody's here.

    Parameters
    ----------
    name : str
        Of the channel, with the data set's name before it or without.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> doc_of("valid_false_positives")
    'the fraction of samples that D takes for data'
    >>> doc_of("valid_gen_h0_col_norms_max")
    "the largest norm of the columns of the layer's weights, a column a unit; of G"
    >>> doc_of("of_mine")
    ''
    """
    for end, text in _CHANNELS:
        found = re.search(f"(?:^|_){end}$", name)
        if found:
            groups = found.groupdict()
            words = {key: _SIDES.get(value) or _WORDS[value] for key, value in groups.items()}
            before = name[: found.start() + 1]
            owner = next((whose for prefix, whose in _OWNERS if f"_{prefix}" in f"_{before}"), "")
            if "side" in words:
                owner = owner.partition(" on ")[0]  # Weights are the same on all data.
            return text.format(**words) + (f"; of {owner}" if owner else "")
    return ""
