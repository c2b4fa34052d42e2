"""What is measured of a model before training and after each epoch; after Pylearn2's `monitor.py`."""

from adversarial.monitor.channel import (
    MonitorChannel,
    find_channel,
    format_value,
    number_aware_alphabetical_key,
    read_channel,
)
from adversarial.monitor.measured import get_channel
from adversarial.monitor.monitor import NO_DATA, Monitor, push_monitor

__all__ = [
    "NO_DATA",
    "Monitor",
    "MonitorChannel",
    "find_channel",
    "format_value",
    "get_channel",
    "number_aware_alphabetical_key",
    "push_monitor",
    "read_channel",
]
