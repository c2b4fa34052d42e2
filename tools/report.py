#!/usr/bin/env python3
"""A trained model as one HTML page: see `tools/report.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("report")
