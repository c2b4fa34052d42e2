"""What tools/benchmark.py measures: a module a sub-command, and `interleaved`, which takes the time for all of them.

A sub-command's module has a docstring whose first line is its help, `add_arguments(parser)`, and `run(given)`, which
gives an `interleaved.Report`. `COMMANDS` in tools/benchmark.py names it.
"""
