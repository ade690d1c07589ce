"""Make .venv and install the locked packages and the project into it, after saying what the machine lacks."""

import ctypes
import importlib.util
import subprocess
import sys
import venv
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PIP = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
TERMINAL = sys.stdout.isatty()
LINES_KEPT = 25  # of pip's own words, shown only when it fails


def missing_packages() -> list[str]:
    """Debian's names of the packages without which the installation, or LightGBM in it, would fail."""
    missing = []
    if importlib.util.find_spec("ensurepip") is None:  # Debian ships it apart from Python
        missing.append(f"python3.{sys.version_info.minor}-venv")
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            missing.append("libgomp1")
    return missing


def is_of_another_python() -> bool:
    """Whether .venv was made by a Python of another version, whose packages this one cannot load."""
    made = VENV / "pyvenv.cfg"
    ours = f"{sys.version_info.major}.{sys.version_info.minor}."
    return made.exists() and not any(
        line.startswith("version") and line.partition("=")[2].strip().startswith(ours)
        for line in made.read_text().splitlines()
    )


def say(text: str) -> None:
    """Write one line of progress, over the last one where that can be done."""
    if TERMINAL:
        print(f"\r\033[K  {text}", end="", flush=True)
    else:
        print(f"  {text}", flush=True)


def pip(*arguments: str) -> None:
    """Run pip with progress instead of its log; where it fails, print the log's end and stop."""
    last = deque[str](maxlen=LINES_KEPT)
    collected = 0
    with subprocess.Popen(
        [*PIP, *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line)
            if line.startswith(("Collecting ", "Processing ")):
                collected += 1
                if TERMINAL or collected % 10 == 0:
                    say(f"{collected} packages found")
            elif line.startswith("Installing collected packages: ") and collected > 1:
                say(f"unpacking {collected} packages, which takes longest")
    if TERMINAL:
        print("\r\033[K", end="")
    if process.returncode:
        sys.exit("".join(last) + "The installation stopped here; the lines above are the last that pip said.")


def main() -> None:
    """Check the machine, then make and fill .venv."""
    if missing := missing_packages():
        sys.exit(f"Something is missing that Watchworthy needs: apt-get install {' '.join(missing)}")
    print(f"Making .venv with Python {sys.version.split()[0]}", flush=True)
    venv.EnvBuilder(clear=is_of_another_python(), symlinks=True, with_pip=True).create(VENV)
    print("Installing the locked packages (some 500 MB to fetch, once)", flush=True)
    pip("--require-hashes", "--only-binary=:all:", "--requirement", "requirements.txt")
    pip("--no-deps", "--no-build-isolation", "--editable", ".")


if __name__ == "__main__":
    main()
