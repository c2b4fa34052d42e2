"""The programs: each module is one command."""
