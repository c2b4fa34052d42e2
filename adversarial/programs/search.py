"""The search.py program: which values of an experiment reach the highest log-likelihood, by successive halving."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from adversarial.command_line import program
from adversarial.errors import printable
from adversarial.figures.grid import check_name
from adversarial.figures.progress_curves import Progress, write_progress
from adversarial.programs.halving import Score, Search, as_json
from adversarial.programs.search_study import Study, Trial, check_study, read_study
from adversarial.programs.train import positive

EXAMPLE = """
tools/search.py study.yaml results
tools/search.py study.yaml results --processes 2 --plot results.png
tools/search.py study.yaml results --dry-run
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "search.py",
        "Train what a study lists, by successive halving: all trials for some epochs, the best for more. A search that "
        "was stopped goes on where it was.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("study", help="a YAML file: experiment, rungs (epochs), trials, grid or random, and seeds")
    add("folder", help="where the runs and their results are")
    add("--processes", metavar="N", type=positive, default=1, help="runs at a time (default %(default)s)")
    add("--threads", metavar="N", type=positive, default=1,
        help="threads of each; results depend on them by rounding (default %(default)s)")  # fmt: skip
    add("--allow", metavar="MODULE", action="append", default=[], help="a module that the experiment may name")
    add("--plot", metavar="FILE.png", help="draw log-likelihood against updates and against seconds")
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    add("--dry-run", action="store_true", help="check and list the trials, and train nothing")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    study = read_study(given.study)
    check_study(study, Path(given.folder), given.allow)
    if given.dry_run:
        program.say("\n".join(trial.label for trial in study.all_trials()))
        return
    if given.plot:
        check_name(given.plot)
    search = Search(study, Path(given.folder), given.processes, given.threads, given.allow, _tell)
    search.begin()
    rungs = search.run()
    if given.plot:
        draw(given.plot, study, rungs)
    if given.json:
        program.say(json.dumps({"study": study.to_dict(), "results": as_json(rungs)}, indent=1))
    else:
        program.say(table(rungs))


def _tell(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)


def table(rungs: Sequence[Sequence[Score]]) -> str:
    """Return the scores of each rung as lines, the last rung first."""
    lines = [f"{'epochs':>6} {'updates':>8} {'seconds':>8}  {'log-likelihood, valid':>22} {'test':>9}  trial"]
    for rung in reversed(rungs):
        for score in rung:
            found = f"{score.mean:.2f} ± {score.deviation:.2f}"
            taken = f"{score.results[0].epochs:6} {score.mean_of('updates'):8.0f} {score.mean_of('seconds'):8.0f}"
            lines.append(f"{taken}  {found:>22} {score.mean_of('test'):9.2f}  {score.trial.label}")
    return "\n".join(lines)


def draw(path: str, study: Study, rungs: Sequence[Sequence[Score]]) -> None:
    """Draw what each trial reached, with its deviation over seeds."""
    lines = [_line(trial, [score for rung in rungs for score in rung if score.trial == trial])
             for trial in study.all_trials()]  # fmt: skip
    seeds = f"{len(study.seeds)} seed{'s' * (len(study.seeds) > 1)}, bars: deviation"
    write_progress(path, lines, "log-likelihood of validation data, nats", f"{study.experiment}; {seeds}")


def _line(trial: Trial, scores: Sequence[Score]) -> Progress:
    taken = {"updates": [each.mean_of("updates") for each in scores],
             "seconds of training": [each.mean_of("seconds") for each in scores]}  # fmt: skip
    return Progress(trial.label, taken, [each.mean for each in scores], [each.deviation for each in scores])


command = partial(program.run, main)

if __name__ == "__main__":
    command()
