"""`python -m edgewise` is the command `edgewise`."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
