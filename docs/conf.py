"""How the documentation is built: ``make docs``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from antiphon import __version__

project = "Antiphon"
author = "The Antiphon maintainers"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "diagrams"]
html_theme = "furo"
html_title = f"Antiphon {release}"
myst_enable_extensions = ["deflist", "fieldlist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False
exclude_patterns = ["_build"]
