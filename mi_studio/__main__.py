"""``python -m mi_studio`` is ``mi-studio``."""

import multiprocessing
import sys

from mi_studio.cli import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # in the frozen program a sweep's workers start here as well
    sys.exit(main())
