#!/usr/bin/env python3
"""Figure 1 of the paper, live: see `tools/figure1.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("figure1")
