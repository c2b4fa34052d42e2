"""Build the wheel with the experiments of yaml/ as data of the package: `adversarial/experiments/`."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithExperiments(build_py):
    """Copies yaml/ into the built package; in an editable install the checkout's own folder is read."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for path in sorted(Path("yaml").rglob("*.yaml")):
                target = Path(self.build_lib, "adversarial", "experiments", path.relative_to("yaml"))
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(path), str(target))


setup(cmdclass={"build_py": BuildWithExperiments})
