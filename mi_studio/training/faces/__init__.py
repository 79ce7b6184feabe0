"""Fictional people for the face login: who they are, how they look, and their photos.

``people`` decides who somebody is (a ``person``); ``shape``, ``skin``, ``hair``, ``facehair``, ``worn`` and
``clothes`` say what that looks like and ``sitter`` puts it together; ``view`` is what differs between two
photos; ``photo`` draws one with ``paint`` and ``light``, and ``dataset`` writes them all. ``head`` is the
mesh that all faces are made of, ``cut`` takes it from its source, ``kernels`` are the inner loops.

No real person is in it: every face is computed from a number and a public-domain mesh.
"""
