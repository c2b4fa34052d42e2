"""The slips of 2014: each place where its code did not do what it said, what it did, and what is done here.

A file that names things as 2014 did is an old file, and gets the trajectory and the channels that it had in 2014, slips
included; a file in the names of this package gets what the options say. `train.py --slips` and the option `slips` of
`Train` decide otherwise. An object knows by its attribute `slips` for which of the two it was built, and asks where
they part: `Slip.SWAPPED_CHANNELS.repeated_by(self)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from adversarial.options import Configurable


@dataclass(frozen=True)
class Behaviours:
    """What 2014's code did, and what is done here.

    Attributes
    ----------
    then : str
        What 2014 did.
    here : str
        What is done here.
    why_no_choice : str
        Why `--slips` has nothing to choose; "" where it has.
    """

    then: str
    here: str
    why_no_choice: str = ""


#: Reasons for which there is nothing to choose.
_FAILED = "it failed in 2014"
_TOOL = "a tool's"
_NO_FIGURE = "no figure depends on it"
_NOT_FINITE = "its figures were not finite, or it failed, in 2014"


class Slip(Enum):
    """A slip of 2014; `--slips` chooses between its two behaviours unless it says why not.

    Examples
    --------
    >>> Slip.SWAPPED_CHANNELS.value.here
    'each says what it measures'
    """

    SWAPPED_CHANNELS = Behaviours(
        "the channels dis_on_data and dis_on_samp of AdversaryPair were swapped", "each says what it measures"
    )
    INPAINTING_NO_DROP = Behaviours(
        "InpaintingAdversaryCost computed the prediction that no_drop_in_d_for_g asks for and ignored it",
        "G's objective reads it",
    )
    INFERER_NOT_TRAINED = Behaviours(
        "ever_train_inference: false with an inferer raised an error", "the inferer stays as it was made", _FAILED
    )
    SUBTRACT_REAL_MEAN = Behaviours("SubtractRealMean failed without also_sd", "it subtracts", _FAILED)
    PARZEN_LAST_ROW = Behaviours(
        "parzen_ll.py dropped the last validation row where no limit was given, and its -v ignored -f",
        "all rows count, and -f holds",
        _TOOL,
    )
    FLOAT32 = Behaviours("casts to a literal float32 made a float64 run fail", "they are casts to floatX", _FAILED)
    TEST_SET_GUARD = Behaviours(
        "ll_mnist.py stopped at a guard of the test set (assert False) though its arithmetic is right",
        "it runs, and says on which binarisation",
        _TOOL,
    )
    INFER_LAYER = Behaviours(
        "infer_layer asked Pylearn2's dropout for an option that it did not have", "it is an index or a name", _FAILED
    )
    NO_DROP = Behaviours(
        "no_drop_in_d_for_g called dropout_fprop with its defaults, which drop half of each layer's inputs",
        "nothing is dropped, and the pass draws its seed all the same",
    )
    INFERER_RATES = Behaviours("AdversaryPair ignored the learning-rate scales of an inferer's layers", "they hold")
    RECALL = Behaviours(
        "a Sigmoid layer's recall over all outputs was false positives over targets, and per output true positives "
        "over the targets of all outputs",
        "both are true positives over targets",
    )
    SAME_HEAD = Behaviours(
        "recapitate_discriminator failed where the new head had the name of the old one", "it may", _FAILED
    )
    ANNEALING = Behaviours(
        "AnnealedLearningRate took the rate of each update for the initial one, so that it fell much faster than 1/t",
        "it falls as 1/t",
    )
    CHANNEL_INF = Behaviours(
        "ChannelInf trained on only while its channel was infinite", "it stops where the channel is infinite"
    )
    PATIENCE = Behaviours("PatienceBasedTermCrit had an interface that SGD no longer called", "SGD calls it", _FAILED)
    BOTH_PLAYERS = Behaviours(
        "adversarial.sgd.SGD without a learning rule let each player's update change all parameters",
        "each changes its own player's",
    )
    ALTERNATING = Behaviours("adversarial.sgd_alt.SGD failed without a learning rule", "it needs none", _FAILED)
    SAVE_PATH = Behaviours(
        "Train with save_freq and no save_path failed on phases, and with save_path alone lacked an attribute",
        "each phase has a file of its own, and all attributes are there",
        _FAILED,
    )
    PARZEN_DATA = Behaviours(
        "parzen_ll.py named args.dataet for an unknown data set, and flattened images with channels last, unlike the "
        "data",
        "both are in the order of design matrices",
        _TOOL,
    )
    STOP_ALONE = Behaviours("MNIST and CIFAR10 ignored stop where start was not given", "stop holds by itself")
    READING = Behaviours(
        "CIFAR10's test set could not be cut to a range, and all batches were read for any; NpyDataset ignored "
        "mmap_mode; HDF5Dataset read the whole file",
        "ranges hold, and what is needed is read",
        _NO_FIGURE,
    )
    SHOWN_RANGE = Behaviours(
        "show_samples.py tested min() > 0, so that one exact 0 turned the rule for data in [0, 1] off",
        "it tests for values below 0",
        _TOOL,
    )
    VARIABLES_IN_LISTS = Behaviours("text in lists got no ${VARIABLES}", "it does", "no file of 2014 has such text")
    STATE_BELOW = Behaviours(
        "MaxoutConvC01B computed its channels from fprop(state) where only state_below was given, and could do nothing "
        "that cuda-convnet could not",
        "state_below is used, and its limits (16 channels, square pools and strides) are gone; inputs are still filled "
        "up to multiples of 4",
        _FAILED,
    )
    CHANNELS_OF_IMAGES = Behaviours(
        "a generator that reads images had no channels of its layers, but a warning", "it has them"
    )
    CONV_ELEMWISE = Behaviours(
        "ConvElemwise gave minus infinity where a last mean pool went beyond the edge, and a full convolution with a "
        "stride another shape than its output space",
        "both are right",
        _NOT_FINITE,
    )
    ADAGRAD = Behaviours(
        "AdaGrad became NaN where a gradient had always been exactly 0", "the parameter stays as it is", _NOT_FINITE
    )
    UNSEEDED_STREAMS = Behaviours(
        "RandomStreams without a seed, as hans/adversarial drew its conditions from, took one from the operating "
        "system, so that no run could be repeated",
        "it has a default",
        _NO_FIGURE,
    )
    CONDITIONAL_BATCH = Behaviours(
        "ConditionalAdversaryCost of hans/adversarial read the number of examples from axis 3, which only c01b images "
        "have it on",
        "it is read from the axis of examples",
        _FAILED,
    )
    CONDITIONAL_NO_DROP = Behaviours(
        "no_drop_in_d_for_g of that cost gave D samples without their conditions", "D gets both", _FAILED
    )
    KEEP_BEST = Behaviours(
        "KeepBestParams called costs as functions, which they no longer were", "it measures their value", _FAILED
    )

    def line(self) -> str:
        """Return the slip as ARCHITECTURE.md has it."""
        reason = f" ({self.value.why_no_choice})" if self.value.why_no_choice else ""
        return f"{list(Slip).index(self) + 1}. {self.value.then}; here {self.value.here}{reason}."

    def repeated_by(self, owner: Configurable) -> bool:
        """Return whether an object repeats the slip, and note that the slip bears on it.

        Parameters
        ----------
        owner : Configurable
            The object, at the place where the two behaviours part.
        """
        owner.slips_met = owner.slips_met | {self.name}
        return owner.slips == "2014"
