#!/usr/bin/env python3
"""The last value of each monitored channel: see `tools/print_monitor.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("print_monitor")
