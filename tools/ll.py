#!/usr/bin/env python3
"""The log-likelihood of test data while samples are drawn: see `tools/ll.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("ll")
