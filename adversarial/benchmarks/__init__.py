"""The benchmarks of tools/benchmark.py: a module for each sub-command, and `interleaved`, which measures time.

The module of a sub-command has a docstring whose first line is its help, `add_arguments(parser)`, and `run(given)`,
which returns an `interleaved.Report`. `COMMANDS` of the program lists it.
"""
