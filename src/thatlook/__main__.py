"""`python -m thatlook`: the command line."""

import sys

from thatlook.cli import main

sys.exit(main())
