#!/usr/bin/env python3
"""Puts the Python package's wheel together from the library that the workspace's build has made.

    scripts/python_wheel.py LIBRARY FOLDER      prints the wheel's path

`maturin build` makes the same wheel from a build of its own. Of one package alone, that has other features of shared crates than
the workspace's, and compiles the data stack a second time. Names, versions and metadata are maturin's here too.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "python"


def dist_info(folder: Path) -> Path:
    """What maturin says of the package, as files in `folder`."""
    maturin = [sys.executable, "-m", "maturin", "pep517", "write-dist-info", "--metadata-directory", folder]
    written = subprocess.run(
        [*maturin, "--compatibility", "linux", "--interpreter", sys.executable],
        cwd=PACKAGE,
        capture_output=True,
        text=True,
    )
    if written.returncode != 0:
        sys.exit(f"error: maturin cannot describe the package\n{written.stderr}")
    return folder / written.stdout.split()[-1]


def stripped(library: Path, folder: Path) -> Path:
    """The library without symbols, half its size, where there is `strip`."""
    if shutil.which("strip") is None:
        return library
    subprocess.run(["strip", "--strip-all", "-o", folder / library.name, library], check=True)
    return folder / library.name


def main(library: Path, out: Path) -> None:
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        description = dist_info(Path(scratch))
        tag = next(
            line.removeprefix("Tag: ")
            for line in (description / "WHEEL").read_text().splitlines()
            if line.startswith("Tag: ")
        )
        files = {
            f"engram/{path.relative_to(PACKAGE / 'engram')}": path
            for path in sorted((PACKAGE / "engram").rglob("*"))
            if path.is_file() and path.suffix in {".py", ".pyi", ".typed"}
        }
        files["engram/_engram.abi3.so"] = stripped(library, Path(scratch))
        files |= {
            f"{description.name}/{path.relative_to(description)}": path
            for path in sorted(description.rglob("*"))
            if path.is_file()
        }
        name = f"{description.name.removesuffix('.dist-info')}-{tag}.whl"
        record = f"{description.name}/RECORD"
        lines = []
        # Not compressed: it is unpacked at once, and on this machine.
        with zipfile.ZipFile(Path(scratch) / name, "w") as wheel:
            for inside, path in files.items():
                content = path.read_bytes()
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                lines.append(f"{inside},sha256={digest},{len(content)}\n")
                wheel.writestr(inside, content)
            wheel.writestr(record, "".join([*lines, f"{record},,\n"]))
        os.replace(Path(scratch) / name, out / name)
    print(out / name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
