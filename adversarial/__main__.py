"""List the programs: `python -m adversarial`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from adversarial import __version__


def programs() -> dict[str, str]:
    """Return {name: what it does} of the programs, such as 'train.py', by the first lines of their modules."""
    found = {}
    for path in sorted(Path(__file__).with_name("programs").glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if (match := re.match(r"The (\w+\.py) program: (.*)", text)) is not None:
            found[match[1]] = match[2][0].upper() + match[2][1:]
    return found


def main() -> None:
    """Print a line for each program."""
    listed = programs()
    width = max(map(len, listed))
    print(f"adversarial {__version__}: Generative Adversarial Nets (Goodfellow et al., 2014) on PyTensor\n")
    for name, line in listed.items():
        print(f"{name:{width}}  {line}")
    print("\nEach has --help with an example; `python -m adversarial.programs.train` is train.py.")


if __name__ == "__main__":
    main()
