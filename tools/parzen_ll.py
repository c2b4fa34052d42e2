#!/usr/bin/env python3
"""The Parzen-window log-likelihood of a generator: see `tools/parzen_ll.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("parzen_ll")
