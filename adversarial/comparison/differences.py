"""Two experiments compared value by value, defaults included: a file here and a file of 2014."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from adversarial.comparison import facts
from adversarial.comparison.experiment import Part, Same, is_model_only, joined
from adversarial.comparison.option_docs import option_description, options_of, summary_line
from adversarial.options import nearest


class _Absent:
    """The type of ABSENT, which stands for a missing value."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


@dataclass(frozen=True)
class Row:
    """One hyperparameter.

    Attributes
    ----------
    key : str
        Its place in the file, as `--set` takes it; in brackets, what no file can set.
    here, then : str
        Its value here and in 2014, for people.
    differs : bool
        Whether the two differ.
    given_here, given_then : bool
        Whether the file sets it, or leaves it to a default.
    part : str
        The class whose option it is, with its layer's name.
    meaning : str
        What it is, in a sentence; "" if no docstring of this package says.
    weight : int
        Number of values that the row counts for: all of those within, if it is a whole object that is replaced.
    """

    key: str
    here: str
    then: str
    differs: bool
    given_here: bool
    given_then: bool
    part: str
    meaning: str
    weight: int = 1


@dataclass(frozen=True)
class Comparison:
    """An experiment beside a file of 2014.

    Attributes
    ----------
    file, source : str
        The file's name of 2014, and its repository and commit.
    rows : tuple of Row
        Every value, in the order of 2014's file.
    others : dict of {str: int}
        For each file of 2014, the number of values that differ from it, those within replaced objects included.
    """

    file: str
    source: str
    rows: tuple[Row, ...]
    others: dict[str, int]

    @property
    def differences(self) -> tuple[Row, ...]:
        """The rows that differ."""
        return tuple(row for row in self.rows if row.differs)


def compare(experiment: Part, file: str | None = None) -> Comparison:
    """Compare an experiment with a file of 2014.

    Parameters
    ----------
    experiment : Part
        The experiment, as `read_experiment` gives it.
    file : str, optional
        One of `facts.FILES`. The default is the one from which the fewest values differ.

    Returns
    -------
    Comparison
        Every value of both.

    Examples
    --------
    >>> from adversarial.comparison.experiment import read_experiment
    >>> rate = "algorithm: !obj:adversarial.training_algorithms.sgd.SGD { learning_rate: .2 }"
    >>> experiment = read_experiment(f"!obj:adversarial.train.Train {{ {rate} }}", "an example")
    >>> row = next(row for row in compare(experiment, "mnist.yaml").rows if row.key == "algorithm.learning_rate")
    >>> row.here, row.then, row.differs
    ('0.2', '0.1', True)
    """
    found = {name: _rows(experiment, name) for name in facts.FILES}
    others = {name: sum(row.weight for row in rows if row.differs) for name, rows in found.items()}
    chosen = file or min(others, key=others.__getitem__)
    return Comparison(chosen, facts.recorded(chosen).source, found[chosen], others)


def _rows(experiment: Part, file: str) -> tuple[Row, ...]:
    then = facts.recorded(file).experiment
    key = ""
    if is_model_only(experiment):
        then, key = then.options["model"], "model"
    return tuple(_of_parts(key, experiment, then))


@dataclass(frozen=True)
class _Place:
    """The place of two values: the option of which class, and whether the files set it."""

    key: str
    part: str = ""
    meaning: str = ""
    given_here: bool = True
    given_then: bool = True

    def at(self, step: str | int) -> _Place:
        return _Place(joined(self.key, step), self.part, self.meaning, self.given_here, self.given_then)

    def row(self, here: Any, then: Any, differs: bool, meaning: str | None = None, weight: int = 1) -> Row:
        return Row(
            self.key,
            shown(here),
            shown(then),
            differs,
            self.given_here,
            self.given_then,
            self.part,
            self.meaning if meaning is None else meaning,
            weight,
        )


def _of_parts(key: str, here: Part, then: Part) -> Iterator[Row]:
    """Yield the rows of two parts, option by option in 2014's order; an option of only one of them if it is set."""
    owner = here.kind + (f" {name}" if (name := here.options.get("layer_name")) else "")
    known = facts.defaults_2014().get(then.name, {})
    defaults_then = known.get("defaults", {})
    own = options_of(here.name)
    # A class that is not of this package is taken to have the defaults of 2014's class of that name.
    defaults_here = (
        facts.defaults_2014().get(here.name, {}).get("defaults", {})
        if own is None
        else {name: option.default for name, option in own.items() if not option.required}
    )
    for option in dict.fromkeys([*then.options, *defaults_then, *here.options, *defaults_here]):
        value_here = here.options.get(option, defaults_here.get(option, ABSENT))
        value_then = then.options.get(option, defaults_then.get(option, ABSENT))
        if (value_here is ABSENT and option not in then.options) or (
            value_then is ABSENT and option not in here.options
        ):
            continue
        meaning = option_description(here.name, option) or option_description(then.name, option)
        if own is not None and option in here.options and option not in own:
            meaning = f"{here.kind} has no such option{nearest(option, own)}"
        place = _Place(joined(key, option), owner, meaning, option in here.options, option in then.options)
        null = known.get("null_means", {}).get(option)
        yield from _of_values(place, _unless_null(value_here, null), _unless_null(value_then, null))
    if here.name == then.name:
        for name, fixed in known.get("fixed", {}).items():
            place = _Place(joined(key, f"[{name}]"), owner, "", False, False)
            value = _constant(fixed["here"])
            yield place.row(value, fixed["value"], not equal(value, fixed["value"]))


def _of_values(place: _Place, here: Any, then: Any) -> Iterator[Row]:
    if isinstance(here, Same) and isinstance(then, Same) and here.key == then.key:
        yield place.row(here, then, False)
        return
    here, then = (value.part if isinstance(value, Same) else value for value in (here, then))
    if isinstance(here, Part) and isinstance(then, Part):
        yield from _of_kinds(place, here, then)
    elif isinstance(here, list) and isinstance(then, list) and _has_parts(here + then):
        yield from _of_lists(place, here, then)
    elif isinstance(here, dict) and isinstance(then, dict) and (here or then):
        for name in dict.fromkeys([*then, *here]):
            yield from _of_values(place.at(name), here.get(name, ABSENT), then.get(name, ABSENT))
    elif isinstance(here, Part) or isinstance(then, Part):
        only = here if isinstance(here, Part) else then
        line = summary_line(only.name)
        yield place.row(here, then, True, f"{only.kind}: {line}" if line else None, _size(only))
    else:
        yield place.row(here, then, not equal(here, then))


def _of_kinds(place: _Place, here: Part, then: Part) -> Iterator[Row]:
    if here.name != then.name:
        shown_here, shown_then = (part.name if here.kind == then.kind else part for part in (here, then))
        meaning = "; ".join(f"{part.kind}: {line}" for part in (here, then) if (line := summary_line(part.name)))
        related = _related(here, then)
        yield place.row(shown_here, shown_then, True, meaning, 1 if related else _size(then))
        if not related:
            return
    yield from _of_parts(place.key, here, then)


def _related(here: Part, then: Part) -> bool:
    """Return whether two classes take mostly the same options, so that comparing these says something."""
    ours, theirs = (set(options_of(part.name) or part.options) for part in (here, then))
    return 2 * len(ours & theirs) >= max(1, min(len(ours), len(theirs)))


def _of_lists(place: _Place, here: list, then: list) -> Iterator[Row]:
    """Yield the rows of items one by one if the lists are of one length; else align them, as diff does."""
    if len(here) == len(then):
        for number, (one, other) in enumerate(zip(here, then, strict=True)):
            yield from _of_values(place.at(number), one, other)
        return
    alike = SequenceMatcher(None, [_identity(item) for item in here], [_identity(item) for item in then], False)
    for tag, low, high, low_then, high_then in alike.get_opcodes():
        paired = min(high - low, high_then - low_then)
        for step in range(paired if tag != "equal" else high - low):
            yield from _of_values(place.at(low + step), here[low + step], then[low_then + step])
        for number in range(low + paired, high):
            yield from _of_values(place.at(number), here[number], ABSENT)
        for item in then[low_then + paired : high_then]:
            yield from _of_values(place.at(f"[{low + paired}]"), ABSENT, item)


def _identity(item: Any) -> tuple[str, str]:
    if not isinstance(item, Part):
        return "", str(item)
    # Layers of an MLP are aligned by their names, other parts by their classes.
    return ("layer", str(item.options["layer_name"])) if "layer_name" in item.options else ("", item.kind)


def _size(value: Any) -> int:
    """Return the number of values within a part."""
    if isinstance(value, Part):
        return 1 + sum(map(_size, value.options.values()))
    if isinstance(value, (list, dict)):
        return sum(map(_size, value.values() if isinstance(value, dict) else value))
    return 1


def _has_parts(items: Iterable[Any]) -> bool:
    return any(isinstance(item, (Part, Same)) for item in items)


def _unless_null(value: Any, null: Any) -> Any:
    """Return `value`, or in the place of None what it means."""
    return null if value is None and null is not None else value


def _constant(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def equal(here: Any, then: Any) -> bool:
    """Return whether two plain values are the same setting.

    Parameters
    ----------
    here, then : object
        Plain values, lists, tuples or dicts of them.

    Returns
    -------
    bool
        Whether they are equal, where 0 is false, 1.0 is 1, and a tuple is a list.

    Examples
    --------
    >>> equal([1.0, 0], (1, False)), equal("1", 1)
    (True, False)
    """
    if isinstance(here, (list, tuple)) and isinstance(then, (list, tuple)):
        return len(here) == len(then) and all(map(equal, here, then))
    if isinstance(here, dict) and isinstance(then, dict):
        return here.keys() == then.keys() and all(equal(value, then[key]) for key, value in here.items())
    if isinstance(here, (list, tuple, dict)) or isinstance(then, (list, tuple, dict)):
        return False
    return bool(here == then)


def shown(value: Any) -> str:
    """Format a value as YAML writes it, and a part by its class and the plain values given to it.

    Parameters
    ----------
    value : object
        A plain value, a Part, an alias (Same), or a list or dict of them.

    Returns
    -------
    str
        Text on one line.

    Examples
    --------
    >>> shown([True, None, 0.1, Part("adversarial.models.linear.Tanh", {"dim": 5})])
    '[true, null, 0.1, Tanh (dim 5)]'
    """
    if isinstance(value, Same):
        return f"the same as {value.key}"
    if isinstance(value, Part):
        given = ", ".join(f"{name} {shown(inner)}" for name, inner in value.options.items() if not _nested(inner))
        return f"{value.kind} ({given})" if given else value.kind
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {shown(inner)}' for name, inner in value.items())}}}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _nested(value: Any) -> bool:
    if isinstance(value, (Part, Same)):
        return True
    return isinstance(value, (list, dict)) and _has_parts(value.values() if isinstance(value, dict) else value)
