"""Compile what takes longest, in two processes at once; where it is compiled already, they only load it.

In a fresh clone the tests would else wait for it, each process for what the other compiles too.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DECODING = """
from pathlib import Path
from data_contracts.recordings import read
for path in sorted(Path("samples").glob("*.json.gz")):
    read(path.read_bytes()).decode()
"""
FOLDING = """
from data_contracts.scrub import scrub
from features.catalogue import engine
from models.live_scores import LiveScorer
from models.scorer import Scorer
scrub(bytearray(b"[]"))
engine().warm()
LiveScorer(Scorer.starter()).warm()
"""
SHARES = (DECODING, FOLDING)
SILENT_S = 10  # so long nothing is said: loading takes two seconds


def main() -> None:
    """Run the shares; where one fails, say so and stop."""
    begun = time.monotonic()
    running = [subprocess.Popen([sys.executable, "-c", share], cwd=ROOT) for share in SHARES]
    try:
        running[0].wait(SILENT_S)
    except subprocess.TimeoutExpired:
        print("Compiling what reads recordings, once for these sources (a minute or two)", flush=True)
    if any(one.wait() for one in running):
        sys.exit("The compilation stopped here; the lines above say why.")
    if (took := time.monotonic() - begun) > SILENT_S:
        print(f"Compiled in {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
