"""How parameters are changed: SGD and its k-step variants, learning rules, schedules."""
