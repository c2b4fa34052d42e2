#!/usr/bin/env python3
"""Run the experiment that a YAML file describes, from a checkout: `train.py yaml/mnist.yaml`."""

from adversarial.programs.train import main

if __name__ == "__main__":
    main()
