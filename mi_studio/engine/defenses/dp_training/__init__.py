"""DP-SGD. It acts in training only: the scene loads the weights that were trained at the knob's ε.

The recipe that trains them is `mi_studio.training.private`.
"""
