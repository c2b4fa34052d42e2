"""Parts of Pylearn2 that are left out on purpose, and what does their job: wrong hints are worse than none."""

from __future__ import annotations

#: Beginning of a dotted name of 2014 -> the rest of a sentence that says it is not ported.
NOT_PORTED: dict[str, str] = {
    "pylearn2.sandbox.lisa_rl.": "bandits and reinforcement learning are out of scope",
    "pylearn2.sandbox.nlp.": "models of words and their data are out of scope",
    "pylearn2.sandbox.rnn.": "recurrent networks are out of scope",
    "pylearn2.sandbox.cuda_convnet.": "use the layers of pylearn2.models.maxout",
    "pylearn2.models.kmeans.": "k-means is out of scope; scikit-learn has it",
    "pylearn2.models.svm.": "support vector machines are out of scope; scikit-learn has them",
    "pylearn2.models.s3c.": "spike-and-slab sparse coding is out of scope",
    "pylearn2.models.sparse_autoencoder.": "use DenoisingAutoencoder with the cost SparseActivation",
    "pylearn2.models.local_coordinate_coding.": "local coordinate coding is out of scope",
    "pylearn2.models.dbm.": "of deep Boltzmann machines' layers only BinaryVector and BinaryVectorMaxPool are in scope",
    "pylearn2.costs.dbm.": "of their costs only VariationalPCD, WeightDecay and TorontoSparsity are in scope",
    "pylearn2.distributions.": "distributions of their own are out of scope; a Generator has its noise by name",
    "pylearn2.cross_validation.": "cross-validation is out of scope; train one file for each part of the data",
    "pylearn2.train_extensions.live_monitoring.": "plot_monitor.py draws the channels of a saved model",
    "pylearn2.datasets.dataset.Dataset": "it is a base without examples; name a dataset that has some, such as MNIST",
    "pylearn2.linear.": "layers have their linear maps within; name a layer of pylearn2.models.mlp",
    "extract_features.": "features of k-means are out of scope",
    "noisy_encoder.": "use pylearn2.train_extensions.best_params.MonitorBasedSaveBest",
    "theano.": "PyTensor is used by the program itself, and a file names no part of it",
}


def reason_against(name: str) -> str | None:
    """Return why a name of 2014 is left out, and what does its job; None if nothing is known of it.

    Examples
    --------
    >>> reason_against("pylearn2.models.kmeans.KMeans")
    'k-means is out of scope; scikit-learn has it'
    >>> reason_against("pylearn2.models.mlp.MLP") is None
    True
    """
    return next((reason for beginning, reason in NOT_PORTED.items() if name.startswith(beginning)), None)
