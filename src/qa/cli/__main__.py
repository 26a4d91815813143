"""``python -m qa.cli`` is the command ``qa``."""

import sys

from qa.cli import main

sys.exit(main())
