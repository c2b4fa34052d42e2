"""Functions compiled by JAX: shapes known, variables kept on the devices, many updates in one dispatch.

`devices` says which devices there are and where arrays are stored; `function` is one compiled function; `update_loop`
runs many updates without coming back to Python. Importing the package imports JAX; `backend` does so when JAX is
asked for.
"""
