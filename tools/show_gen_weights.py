#!/usr/bin/env python3
"""A generator's last weights as a picture: see `tools/show_gen_weights.py --help`."""

from _launch import launch

launch("show_gen_weights")
