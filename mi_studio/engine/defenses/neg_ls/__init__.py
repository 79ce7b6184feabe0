"""Negative label smoothing. It acts in training only: the scene loads weights trained in this way.

The recipe that trains them is in `mi_studio.training.faces.defended`.
"""
