"""Options of the programs that score samples: where samples come from, and what data they are scored on."""

from __future__ import annotations

import argparse

from adversarial.command_line.averages import add_averaged_argument, take_averages
from adversarial.errors import ConfigurationError
from adversarial.evaluation.data_sources import Data, RowsOrFile
from adversarial.evaluation.named_sets import NAMED_SETS, Split
from adversarial.evaluation.sample_sources import (
    NUM_SAMPLES,
    AnchorSamples,
    ChainSamples,
    ModelSamples,
    Samples,
    SampleSource,
    sample_source,
)
from adversarial.game.sampling import generator_of


def add_sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where samples come from."""
    add = parser.add_argument
    add("model", nargs="?", help="a saved model (.pkl or .h5); samples (.npy, .npz, .h5, .csv, .mat, .pt, "
        ".safetensors), a row a sample; or a folder of images; FILE.npz:NAME picks one of several arrays")  # fmt: skip
    add("-p", "--path", help="the same, as in 2014")
    add("--anchor", choices=["train", "noise"],
        help="instead of a model, score the training data themselves, or noise uniform in their range")  # fmt: skip
    add("-n", "--num_samples", "--num-samples", metavar="N", type=int,
        help=f"number of samples (default {NUM_SAMPLES}; of a file, all)")  # fmt: skip
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    add("--condition", metavar="K", type=int,
        help="of a conditional generator, draw all samples under class K (default: classes are drawn too)")  # fmt: skip
    add_generator_arguments(parser)


def add_generator_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask for samples of the averaged parameters, and of z near their mean."""
    add_averaged_argument(parser)
    what = "draw each value of z within T standard deviations of its mean, from its distribution there"
    parser.add_argument("--truncate", metavar="T", type=float, help=what)


def samples_of_arguments(given: argparse.Namespace) -> Samples:
    """Return what the command line names; raises ConfigurationError where it names nothing, or several things."""
    named = [source for source in (given.model, given.path, given.anchor) if source is not None]
    if len(named) != 1:
        several = ", not several of them" if named else ""
        raise ConfigurationError(f"name one model or file of samples, or an --anchor{several}")
    if (asked := _asked_of_generator(given)) is not None:
        if given.anchor is not None:
            raise ConfigurationError(f"{asked[0]} is of a generator, not of an --anchor")
        source = of_generator(sample_source(str(named[0]), tuple(given.allow)), given)
        source.condition = given.condition
        return source
    return AnchorSamples(given.anchor) if given.anchor is not None else str(named[0])


def _asked_of_generator(given: argparse.Namespace) -> tuple[str, str] | None:
    """The first option given that only a generator has, and a generator of what kind; None if there is none."""
    if given.averaged:
        return "--averaged", "with average_decay"
    if given.condition is not None:
        return "--condition", "with conditions"
    return None if given.truncate is None else ("--truncate", "with z")


def of_generator(source: SampleSource, given: argparse.Namespace) -> ModelSamples:
    """Return the samples of a generator, from its averages and of truncated z if the command line asks for that.

    Raises ConfigurationError, with the option's name, where what is asked for is of a generator and they are of
    something else, or there are no averages, or z cannot be truncated.
    """
    option, of = _asked_of_generator(given) or ("", "")
    if not isinstance(source, ModelSamples):
        raise ConfigurationError(f"{option} needs a saved model, but {source.name} holds samples")
    if option and isinstance(source, ChainSamples):
        kind = type(source.model).__name__
        raise ConfigurationError(
            f"{option} is for a generator {of}, but {source.name} is of class {kind}, which has none"
        )
    take_averages(source.model, given)
    if given.truncate is not None:
        generator_of(source.model).truncate_noise(given.truncate)
    return source


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what data to score."""
    group = parser.add_argument_group("the data (default: those of the model's own YAML)")
    group.add_argument("-d", "--dataset", metavar="NAME", help=f"a data set by its name: {', '.join(NAMED_SETS)}; "
        "cifar10:pixels or cifar10:gcn, as the samples are by default")  # fmt: skip
    group.add_argument("--as-is", action="store_true",
        help="convert no numbers, and score what seems to be in two units")  # fmt: skip
    group.add_argument(
        "--axes",
        metavar="AXES",
        help="the order of the four axes of samples in a file, such as c01b: b examples, 0 rows, 1 columns, c channels",
    )
    group.add_argument("--data-axes", metavar="AXES", help="the same of --train, --valid and --test")
    group.add_argument("-f", "--fold", type=int, default=0, metavar="N", help="the fold, where there are folds")
    group.add_argument("--folds", choices=["all"], help="score each fold, its width its own; error across folds")
    for split, use in (("train", "for --anchor train"), ("test", "to score")):
        group.add_argument(
            f"--{split}", dest=f"{split}_file", metavar="FILE", help=f"a file of examples {use}, as of samples"
        )
    group.add_argument(
        "--valid",
        dest="valid_file",
        metavar="FILE",
        nargs="?",
        const="",
        help="an array to choose the width on; without FILE it is -v, as in 2014",
    )


def data_of_arguments(given: argparse.Namespace) -> Data | None:
    """Return the data that the command line names, or None; raises ConfigurationError where it names two kinds.

    A bare --valid sets `given.score_valid`.
    """
    if given.valid_file == "":
        given.score_valid, given.valid_file = True, None
    splits: tuple[Split, ...] = ("train", "valid", "test")
    files: dict[Split, RowsOrFile] = {
        split: name for split in splits if (name := getattr(given, f"{split}_file")) is not None
    }
    if files and given.dataset is not None:
        raise ConfigurationError("give a data set by name (-d) or files (--valid, --test), not both")
    return files or given.dataset


def check_least(given: argparse.Namespace, **least: int) -> None:
    """Raise ConfigurationError where an option is below its least value."""
    for name, value in least.items():
        if getattr(given, name) is not None and getattr(given, name) < value:
            raise ConfigurationError(f"--{name} is {getattr(given, name)}, but must be at least {max(value, 0)}")
