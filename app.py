"""The web chat on ./index, made from ./corpus when it is missing: ``python app.py``."""

import sys
from pathlib import Path

from qa.cli import main

if __name__ == "__main__":
    made = (Path("index") / "CURRENT").exists() or main(
        ["index", "corpus", "--index", "index"]
    ) == 0
    sys.exit(main(["serve", "--index", "index", *sys.argv[1:]]) if made else 1)
