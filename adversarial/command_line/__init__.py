"""What the programs share: errors to sentences and exit codes, tables, progress; and the train.py program."""
