"""Files read within bounds and written whole or not at all: arrays, rows of samples, anything."""
