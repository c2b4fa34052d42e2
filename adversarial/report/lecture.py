"""The page for a lecture: Figure 1 as a game that is trained in the page, and the theory of section 4 to touch."""

from __future__ import annotations

import os

from adversarial.errors import ConfigurationError
from adversarial.files.whole_file import write_whole
from adversarial.report.page import Page


def write_lecture(output: str | os.PathLike) -> int:
    """Write the page, which needs no network and nothing beside it.

    Parameters
    ----------
    output : str or path
        Where, ending in .html.

    Returns
    -------
    int
        The size of the page in bytes.

    Raises
    ------
    ConfigurationError
        If the name does not end in .html.
    FileError
        If the page cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = write_lecture(os.path.join(folder, "figure1.html"))
    >>> 50_000 < size < 500_000
    True
    """
    path = os.fspath(output)
    if not path.lower().endswith((".html", ".htm")):
        raise ConfigurationError(f"the page is HTML: end its name, {path}, in .html")
    lead = (
        "Two networks play a game: D learns to tell data from samples, and G learns to make samples that D takes for "
        "data. Here the data lie on a line, so that all of it can be seen (Goodfellow et al., 2014)."
    )
    page = Page("Generative adversarial nets, to touch", lead, template="lecture.html")
    text = page.html().encode()
    write_whole(path, [text])
    return len(text)
