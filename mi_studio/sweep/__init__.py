"""Sweeps: a grid of unmixed runs, on a process pool or an existing Dask cluster.

``grid`` plans without torch, ``work`` is one run on a worker, ``pool`` and ``cluster`` are two ways of having
it done, ``store`` is where results are kept, and ``sweep`` ties them together.
"""
