"""Saved models: what one is, written and read safely.

A saved model is a nested dict of plain values and NumPy arrays, in a `.pkl` or a `.h5` file by the ending of its
name, with the same content. It holds no pickled objects, so loading one runs nobody's code. It is written whole
or not at all, and bears a checksum.

``read(path)`` gives the dict. What `save_model` and `save_train` put in it (`SavedModel` is its type):

==================  =================================================================================================
`format`            "adversarial model"
`version`           1, of this layout
`written_at`        the time, ISO 8601, UTC
`versions`          of adversarial, python, numpy, pytensor, h5py, and the kind of machine: {name: text}
`yaml_src`          the YAML text that the model came from, or ""
`dataset_yaml_src`  the part of it that is the training data, or ""
`image_shape`       [rows, columns, channels] of the images that the training data are, or None
`overrides`         what `--set key=value` changed in it: {key: value}
`slips`             "2014" where the slips of 2014 were repeated (`adversarial.names.slips`), else "corrected"
`model`             the model as nested {"class": name, "options": {...}}: `adversarial.serialization.description`
`parameters`        {name: array}, such as "gen/h0_W"; see `parameters_of`
`random_state`      {path: state} of each source of random numbers: `adversarial.checkpoint.random_state`
`monitor`           {"epochs_seen", "batches_seen", "examples_seen": int, "channels": {name: {"val_record",
                    "time_record": float64 array, "epoch_record", "batch_record", "example_record": int64 array,
                    "doc": text}}}; None where there was no monitor
`earlier_monitors`  {name: the same}: what `push_monitor` stored, by the model's attributes
`training`          all else that resuming needs, as `Train.get_state` gives it; None where only a model was saved
==================  =================================================================================================

A pickle that Pylearn2 and goodfeli/adversarial wrote in 2014 opens by the same calls; it has `origin` beside
`yaml_src`, `dataset_yaml_src`, `model`, `parameters`, `random_state` and `monitor`.
"""

from __future__ import annotations

from adversarial.checkpoint.averages import is_average
from adversarial.checkpoint.content import ChannelContent, MonitorContent, SavedModel
from adversarial.checkpoint.files import ENDINGS, read, write
from adversarial.checkpoint.models import (
    MODEL_FORMAT,
    MODEL_VERSION,
    convert_2014,
    load_model,
    model_content,
    model_of,
    parameters_of,
    save_model,
    save_train,
    slips_of,
    untrained_model_of,
    versions,
)
from adversarial.checkpoint.published import is_published, published_content, stem_of
from adversarial.checkpoint.record import ChannelRecord, MonitorRecord, monitor_content

__all__ = [
    "ENDINGS",
    "MODEL_FORMAT",
    "MODEL_VERSION",
    "ChannelContent",
    "ChannelRecord",
    "MonitorContent",
    "MonitorRecord",
    "SavedModel",
    "convert_2014",
    "is_average",
    "is_published",
    "load_model",
    "model_content",
    "model_of",
    "monitor_content",
    "parameters_of",
    "published_content",
    "read",
    "save_model",
    "save_train",
    "slips_of",
    "stem_of",
    "untrained_model_of",
    "versions",
    "write",
]
