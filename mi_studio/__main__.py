"""``python -m mi_studio`` is ``mi-studio``."""

import sys

from mi_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
