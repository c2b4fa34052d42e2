"""How a saved model lies in a file. `adversarial.checkpoint` is the door; nothing here knows of models or training.

================  =======================================================================================
`plain`           what may be saved at all: nested dicts and lists of plain values and arrays, within limits
`pickle_machine`  a pickle interpreter that imports nothing and calls nothing, bounded in time and memory
`pickle_format`   the `.pkl` file: a sealed pickle of plain values
`hdf5_format`     the `.h5` file: the same content, each array an HDF5 dataset
`whole_file`      writing a file whole or not at all
`description`     an object as the options that build it again
`pickle_2014`     what the classes in a pickle of 2014 mean
================  =======================================================================================
"""
