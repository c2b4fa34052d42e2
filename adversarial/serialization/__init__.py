"""File formats of saved models. `adversarial.checkpoint` is the interface; nothing here knows of training.

================  =======================================================================================
`plain`           what may be saved: nested dicts and lists of plain values and arrays, within limits
`pickle_machine`  a pickle interpreter that imports nothing and calls nothing, bounded in time and memory
`pickle_format`   the `.pkl` file: a sealed pickle of plain values
`hdf5_format`     the `.h5` file: the same content, each array an HDF5 dataset
`description`     an object as the options that rebuild it
`pickle_2014`     what the classes in a pickle of 2014 mean
`model_2014`      a model in a pickle of 2014 as the content of a saved model
================  =======================================================================================
"""
