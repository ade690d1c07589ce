"""A store that is killed again and again: run as a program, with the directory and the faults, one child each.

A child goes on with the directory as the last one left it, sends and seals without end, and notes what was
acknowledged as soon as it hears of it, until it is killed: at a fault's point, or at ``random`` after some ms.
Children are forked from one process that has imported everything, because importing takes longer than being killed.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from pipelines.store import Cap, Outgoing, Store, StoreLimits, Unit
from tests.pipelines.store.making import HOUR, SITE, answer_of, body_of, make_unit

LIMITS = StoreLimits(
    disk_free_bytes=0, frame_bytes=600, lease_ms=1_000, session_ms=1 << 60, tally_batches=5, remembered=2
)
SESSIONS = ("s0", "s1", "s2")
GIVEN_TIME = 20.0  # s; a point not reached by then is never reached
SEQ_AHEAD = 12  # so far a client sends on without having heard of the first


def units(session: str, first: int, now_ms: int) -> Iterator[Unit]:
    """The next units of a session, each with a row that may be there only once."""
    for seq in range(first, first + SEQ_AHEAD):
        yield make_unit(
            seq,
            session=session,
            received_at_ms=now_ms,
            outbox=(Outgoing(f"{session} {seq}", "topic", b""),),
            caps=(Cap(session, str(seq)),),
            ends=seq % 7 == 0,
        )


def work(folder: Path, acknowledged: int, now_ms: int) -> None:
    """Send, repeat, seal and erase until killed; two stores seal the same sessions at once."""
    store = Store.open(folder, LIMITS)

    def send(session: str) -> None:
        now = now_ms
        while True:
            row = store.session(SITE, session)
            first = max(
                0, (row.next_log if row else 1) - 4
            )  # the last ones again: nobody knows who heard of them
            for future in [store.submit(unit) for unit in units(session, first, now)]:
                stored = future.result()
                assert stored.answer == answer_of(stored.log_number)
                os.write(acknowledged, b"%s %d\n" % (session.encode(), stored.log_number))
            time.sleep(0.01)

    def seal(sealer: str) -> None:
        store = Store.open(folder, LIMITS)
        now = now_ms
        for turn in range(1 << 30):
            now += HOUR
            store.seal_due(now)
            gone = f"gone {sealer} {now}"
            store.submit(make_unit(0, session=gone, received_at_ms=now)).result()
            store.erase(SITE, gone)
            if turn % 5 == 0:
                store.sweep()

    for target, names in ((send, SESSIONS), (seal, ("one", "two"))):
        for name in names:
            threading.Thread(target=target, args=(name,), daemon=True).start()
    time.sleep(GIVEN_TIME)
    os._exit(3)


def check(folder: Path, acknowledged: Path) -> str:
    """What is wrong with the store, given what was acknowledged; empty if nothing is."""
    heard: dict[str, set[int]] = {name: set() for name in SESSIONS}
    for line in acknowledged.read_text().splitlines():
        session, number = line.split()
        heard[session].add(int(number))
    with Store.open(folder, LIMITS) as store:
        for session in SESSIONS:
            kept = list(store.kept(SITE, session))
            if [one.log_number for one in kept] != list(range(1, len(kept) + 1)):
                return f"{session}: log numbers {[one.log_number for one in kept]}"
            if [(one.seq, one.body) for one in kept] != [(i, body_of(i)) for i in range(len(kept))]:
                return f"{session}: not the batches that were sent"
            if heard[session] - set(range(1, len(kept) + 1)):
                return f"{session}: {len(kept)} batches, {max(heard[session])} was acknowledged"
            for one in [*kept[:10], *kept[-10:]]:
                found = store.known(SITE, session, "a", one.seq)
                if found is None or found.answer != answer_of(one.log_number):
                    return f"{session}: batch {one.seq} has the answer {found}"
            for table, column in (("outbox", "name LIKE ? || ' %'"), ("caps", "cap = ?")):
                statement = f"SELECT count(*) FROM {table} WHERE {column}"
                rows = store.write(
                    lambda db, s=statement, n=session: db.execute(s, (n,)).fetchone()[0]
                ).result()
                if rows != len(kept):
                    return f"{session}: {len(kept)} batches, {rows} rows in {table}"
        if not store.healthy().ok:
            return str(store.healthy())
    return ""


def forked(run: object, *arguments: object) -> int:
    """Run a function in a child; the child's id."""
    child = os.fork()
    if child:
        return child
    try:
        said = run(*arguments)  # type: ignore[operator]
        if said:
            print(said, file=sys.stderr, flush=True)
        os._exit(1 if said else 0)
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(2)


def main(folder: Path, faults: list[str]) -> None:
    """Have a child killed by each fault, and look at what it left; print how often that was and what was heard."""
    acknowledged = folder / "acknowledged"
    folder.mkdir()
    heard = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    killed = 0
    chance = random.Random(folder.name)
    now_ms = 0
    for fault in faults:
        now_ms += 10_000 * HOUR
        os.environ["WATCHWORTHY_FAULT"] = "" if fault == "random" else fault
        child = forked(work, folder / "data", heard, now_ms)
        if fault == "random":
            time.sleep(chance.uniform(0.01, 0.15))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            sys.exit(f"{fault}: the child was not killed, but ended with {os.waitstatus_to_exitcode(status)}")
        killed += 1
        os.environ["WATCHWORTHY_FAULT"] = ""
        _, status = os.waitpid(forked(check, folder / "data", acknowledged), 0)
        if status:
            sys.exit(f"{fault}: see above")
    lines = len(acknowledged.read_text().splitlines())
    print(json.dumps({"killed": killed, "acknowledged": lines}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
