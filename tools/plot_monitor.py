#!/usr/bin/env python3
"""Monitored channels against epochs, as a picture: see `tools/plot_monitor.py --help`."""

from _launch import launch

if __name__ == "__main__":
    launch("plot_monitor")
