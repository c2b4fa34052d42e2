"""The table of old names: what YAML and pickles of 2014 call classes, and where those are here."""

from __future__ import annotations

#: Module here -> names that are the same in both.
_Places = dict[str, tuple[str, ...]]

_P = "pylearn2"

_SCHEDULES = (
    "AnnealedLearningRate",
    "ExponentialDecay",
    "LinearDecay",
    "LinearDecayOverEpoch",
    "MonitorBasedLRAdjuster",
    "OneOverEpoch",
    "PolyakAveraging",
)
#: What Pylearn2 has in the module of SGD; goodfeli/adversarial copied all of it, twice, to change SGD.
_BESIDE_SGD: _Places = {
    "training_algorithms.schedules": _SCHEDULES,
    "training_algorithms.learning_rule": ("MomentumAdjustor",),
    "termination_criteria": ("PatienceBasedTermCrit",),
}

#: Module of 2014 -> module here -> names that are the same in both.
_MOVED: dict[str, _Places] = {
    f"{_P}.train": {"train": ("Train",)},
    f"{_P}.models.mlp": {
        "models.mlp": ("MLP",),
        "models.layer": ("Layer",),
        "models.linear": ("Linear", "RectifiedLinear", "Sigmoid", "Softplus", "Tanh"),
        "models.gaussian": ("LinearGaussian", "beta_from_features", "beta_from_targets", "mean_of_targets"),
        "models.softmax": ("Softmax",),
        "models.softmax_pool": ("SoftmaxPool",),
        "models.composite": ("CompositeLayer", "FlattenerLayer", "SpaceConverter"),
        "models.pretrained": ("PretrainedLayer",),
        "models.conv_elemwise": (
            "ConvElemwise",
            "ConvRectifiedLinear",
            "IdentityConvNonlinearity",
            "RectifierConvNonlinearity",
            "SigmoidConvNonlinearity",
            "TanhConvNonlinearity",
        ),
        "costs.mlp": ("L1WeightDecay", "WeightDecay"),
    },
    f"{_P}.models.maxout": {"models.maxout": ("Maxout",), "models.maxout_conv": ("MaxoutConvC01B",)},
    f"{_P}.models.autoencoder": {
        "models.autoencoder": (
            "Autoencoder",
            "ContractiveAutoencoder",
            "DenoisingAutoencoder",
            "HigherOrderContractiveAutoencoder",
        ),
    },
    f"{_P}.models.softmax_regression": {"models.softmax_regression": ("SoftmaxRegression",)},
    f"{_P}.models.lwta": {"models.lwta": ("LWTA",)},
    f"{_P}.testing.datasets": {
        "datasets.random_data": (
            "random_one_hot_dense_design_matrix",
            "random_one_hot_topological_dense_design_matrix",
        ),
    },
    "numpy.random": {"random_streams": ("RandomState", "normal")},
    f"{_P}.models.rbm": {"models.rbm": ("RBM",), "models.gaussian_rbm": ("GaussianBinaryRBM",)},
    f"{_P}.models.gsn": {"models.gsn": ("GSN",)},
    f"{_P}.costs.gsn": {"costs.gsn": ("GSNCost",)},
    f"{_P}.blocks": {"models.blocks": ("StackedBlocks",)},
    f"{_P}.corruption": {
        "models.corruption": (
            "BinomialCorruptor",
            "BinomialSampler",
            "DropoutCorruptor",
            "DummyCorruptor",
            "GaussianCorruptor",
            "SaltPepperCorruptor",
            "SmoothOneHotCorruptor",
        ),
    },
    f"{_P}.costs.autoencoder": {
        "costs.autoencoder": ("MeanBinaryCrossEntropy", "MeanSquaredReconstructionError", "SparseActivation"),
    },
    f"{_P}.costs.mlp": {"costs.mlp": ("Default", "L1WeightDecay", "WeightDecay")},
    f"{_P}.costs.mlp.dropout": {"costs.mlp": ("Dropout",)},
    f"{_P}.costs.ebm_estimation": {"costs.energy": ("CDk", "SMD", "SML")},
    f"{_P}.datasets.transformer_dataset": {"datasets.transformer_dataset": ("TransformerDataset",)},
    f"{_P}.models.model": {"models.model": ("Model",)},
    f"{_P}.models": {"models.model": ("Model",)},
    f"{_P}.models.dbm": {
        "models.dbm": ("init_sigmoid_bias_from_marginals",),
        "models.deep_boltzmann": ("BinaryVector", "BinaryVectorMaxPool", "DBM"),
    },
    f"{_P}.costs.dbm": {"costs.dbm": ("TorontoSparsity", "VariationalPCD", "WeightDecay")},
    f"{_P}.monitor": {"monitor": ("get_channel", "push_monitor", "read_channel")},
    f"{_P}.space": {
        "index_space": ("IndexSpace",),
        "space": ("CompositeSpace", "Conv2DSpace", "NullSpace", "VectorSpace"),
    },
    f"{_P}.costs.cost": {"cost": ("LpPenalty", "SumOfCosts"), "costs.method": ("MethodCost",)},
    f"{_P}.training_algorithms.sgd": {"training_algorithms.sgd": ("SGD",), **_BESIDE_SGD},
    f"{_P}.training_algorithms.bgd": {"training_algorithms.bgd": ("BGD",)},
    f"{_P}.training_algorithms.default": {"training_algorithms.default": ("DefaultTrainingAlgorithm",)},
    f"{_P}.training_algorithms.learning_rule": {
        "training_algorithms.learning_rule": ("AdaDelta", "AdaGrad", "Momentum", "MomentumAdjustor", "RMSProp"),
    },
    f"{_P}.termination_criteria": {
        "termination_criteria": (
            "And",
            "ChannelInf",
            "ChannelTarget",
            "EpochCounter",
            "MatchChannel",
            "MonitorBased",
            "Or",
        ),
    },
    f"{_P}.train_extensions.best_params": {
        "train_extensions.best_params": ("KeepBestParams", "MonitorBasedSaveBest"),
    },
    f"{_P}.train_extensions": {"train_extensions.channels": ("ChannelSmoother", "SharedSetter")},
    f"{_P}.train_extensions.roc_auc": {"train_extensions.channels": ("RocAucChannel",)},
    f"{_P}.train_extensions.window_flip": {"train_extensions.window_flip": ("WindowAndFlip",)},
    f"{_P}.datasets.preprocessing": {
        "datasets.preprocessing": ("CentralWindow", "GlobalContrastNormalization", "Pipeline", "Standardize"),
        "datasets.whitening": ("ZCA",),
    },
    f"{_P}.datasets.zca_dataset": {"datasets.whitening": ("ZCA_Dataset",)},
    f"{_P}.datasets.mnist": {"datasets.mnist": ("MNIST",)},
    f"{_P}.datasets.binarizer": {"datasets.binarizer": ("Binarizer",)},
    f"{_P}.datasets.cifar10": {"datasets.cifar10": ("CIFAR10",)},
    f"{_P}.datasets.cifar100": {"datasets.cifar100": ("CIFAR100",)},
    f"{_P}.datasets.csv_dataset": {"datasets.csv_files": ("CSVDataset",)},
    f"{_P}.scripts.icml_2013_wrepl.black_box.black_box_dataset": {"datasets.csv_files": ("BlackBoxDataset",)},
    f"{_P}.scripts.icml_2013_wrepl.emotions.emotions_dataset": {"datasets.csv_files": ("EmotionsDataset",)},
    f"{_P}.datasets.svhn": {"datasets.svhn": ("SVHN",)},
    f"{_P}.datasets.tfd": {"datasets.tfd": ("TFD",)},
    f"{_P}.datasets.hdf5": {"datasets.hdf5": ("HDF5Dataset",)},
    f"{_P}.datasets.npy_npz": {"datasets.npy_npz": ("NpyDataset", "NpzDataset")},
    f"{_P}.datasets.dense_design_matrix": {
        "datasets.dense_design_matrix": ("DefaultViewConverter", "DenseDesignMatrix", "from_dataset"),
    },
    "adversarial": {
        "game.costs": ("AdversaryCost2", "InpaintingAdversaryCost", "LazyAdversaryCost", "ThresholdedAdversaryCost"),
        "game.first_costs": ("AdversaryCost", "IndistCost"),
        "game.generator": ("Generator", "IntrinsicDropoutGenerator"),
        "game.layers": (
            "Clusterize",
            "NoiseCat",
            "RectifiedLinear",
            "Sigmoid",
            "SubtractHalf",
            "SubtractRealMean",
            "Sum",
        ),
        "game.pair": ("AdversaryPair",),
        "game.schedules": ("ActivateGenerator", "Cycler"),
        "game.surgery": ("add_layers", "marginals", "recapitate_discriminator"),
        "models.linear": ("HardSigmoid",),
    },
    # hans/adversarial, 2015: conditional games.
    "adversarial.conditional": {
        "game.conditional": ("ConditionalAdversaryCost", "ConditionalAdversaryPair", "ConditionalGenerator"),
        "game.conditional_discriminator": ("CompositeMLPLayer", "ConditionalDiscriminator"),
    },
    "adversarial.datasets": {"datasets.cifar10": ("CIFAR10OneHot",)},
    "adversarial.distributions": {
        "game.distributions": ("KernelDensityEstimateDistribution", "OneHotDistribution"),
    },
    "adversarial.lfw.dataset": {"datasets.lfw": ("LFW",)},
    "adversarial.util": {
        "datasets.npy_npz": ("load_numpy_obj",),
        "models.composite": ("IdentityLayer",),
        "models.pooling": ("MaxPoolC01BLayer",),
    },
    "theano.tensor.shared_randomstreams": {"random_streams": ("RandomStreams",)},
    "adversarial.deconv": {"models.deconv": ("Deconv",)},
    "adversarial.disco": {"game.layers": ("Disconnector",)},
    "adversarial.sgd": {"training_algorithms.discriminator_steps": ("SGD",), **_BESIDE_SGD},
    "adversarial.sgd_alt": {"training_algorithms.alternating_steps": ("SGD",), **_BESIDE_SGD},
}

#: Old dotted name -> dotted name here.
NAMES_2014: dict[str, str] = {
    f"{old}.{name}": f"adversarial.{new}.{name}"
    for old, places in _MOVED.items()
    for new, names in places.items()
    for name in names
}
NAMES_2014["adversarial.conditional.retrain.RetrainingConditionalAdversaryPair"] = (
    "adversarial.game.conditional_retraining.make_conditional"
)
#: The name that it had before; other orders of axes are taken too.
NAMES_2014[f"{_P}.train_extensions.window_flip.WindowAndFlipC01B"] = (
    "adversarial.train_extensions.window_flip.WindowAndFlip"
)
NAMES_2014[f"{_P}.energy_functions.rbm_energy.grbm_type_1"] = "adversarial.models.gaussian_rbm.GRBM_Type_1"

#: The paper's authors kept goodfeli/adversarial in goodfeli/galatea at first, under this package.
_GALATEA = "galatea."


def home_of(name: str) -> str:
    """Return the dotted name here of what 2014 called `name`; `name` itself where it is none of 2014's.

    Examples
    --------
    >>> home_of("galatea.adversarial.AdversaryPair"), home_of("pylearn2.models.mlp.MLP"), home_of("mine.MLP")
    ('adversarial.game.pair.AdversaryPair', 'adversarial.models.mlp.MLP', 'mine.MLP')
    """
    plain = name.removeprefix(_GALATEA) if name.startswith(f"{_GALATEA}adversarial.") else name
    return NAMES_2014.get(plain, plain)


def is_of_2014(name: str) -> bool:
    """Return whether a dotted name is one that 2014 used for something that is here."""
    return home_of(name) != name
