"""Settings of Sphinx: `python -m sphinx -W docs build/docs` builds the pages, with the reference made on the way."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from adversarial import __version__  # noqa: E402

project = "adversarial"
author = "The adversarial developers"
release = version = __version__
extensions = ["myst_parser", "reference"]
myst_heading_anchors = 3
exclude_patterns = ["build"]
html_theme = "furo" if importlib.util.find_spec("furo") else "alabaster"
html_title = "adversarial"
# Docstrings write names and expressions in single backquotes.
default_role = "literal"


def setup(app):
    """Write the page that docs/theory.md links to beside the others."""

    def write(app, error):
        if error is None and app.builder.format == "html":
            from adversarial.report.lecture import write_lecture

            write_lecture(Path(app.outdir) / "lecture.html")

    app.connect("build-finished", write)
