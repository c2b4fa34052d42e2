#!/usr/bin/env python3
"""Which values of an experiment reach the highest log-likelihood: see `tools/search.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("search")
