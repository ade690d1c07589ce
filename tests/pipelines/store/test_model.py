"""Whatever two processes send, repeat, seal, sweep, fail at and open again: what is read equals a plain dict."""

import os
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from data_contracts.errors import WatchworthyError
from pipelines.store import Decision, Store, StoreLimits, Unit, faults
from tests.pipelines.store.making import SITE, answer_of, body_of, make_unit
from tests.pipelines.store.test_writer import Held

SESSIONS, STREAMS = st.sampled_from(["s", "t", "u"]), st.sampled_from(["a", "b"])
BATCHES = st.tuples(
    SESSIONS,
    STREAMS,
    st.integers(0, 12),
    st.sampled_from([0, 0, 0, 100]),
    st.booleans(),
    st.sampled_from([0, 0, 0, 1]),
)
PROCESSES = st.sampled_from([0, 0, 1])
LIMITS = StoreLimits(disk_free_bytes=0, frame_bytes=400, seq_ahead=6, tally_batches=3, remembered=4)


class Machine(RuleBasedStateMachine):
    """Two stores on one directory, beside a dict from session to its batches by log number."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.stores = [Store.open(Path(self.folder.name), LIMITS) for _ in range(2)]
        self.logs: dict[str, list[tuple[str, int, bytes]]] = {}
        self.decisions: list[str] = []
        self.sent = 0
        self.now = 0

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    @rule(process=PROCESSES, batches=st.lists(BATCHES, min_size=1, max_size=6))
    def send(self, process: int, batches: list[tuple[str, str, int, int, bool, int]]) -> None:
        """Send a group; a decision of a name that is taken is refused with its batch."""
        store = self.stores[process]
        units, futures = [], []
        held = Held(store)
        for session, stream, seq, variant, ends, taken in batches:
            self.sent += 1
            name = "taken" if taken else f"decision {self.sent}"
            facts = {"session": session, "stream": stream, "body": body_of(seq + variant), "ends": ends}
            units.append(
                make_unit(seq, received_at_ms=self.now, decisions=(Decision(name, "b", b""),), **facts)
            )
            futures.append(store.submit(units[-1]))
        held.go()
        for unit, future in zip(units, futures, strict=True):
            self.expect(unit, future)

    def expect(self, unit: Unit, future: object) -> None:
        """What the dict says that became of a unit."""
        log = self.logs.get(unit.session, [])
        held = [(number, one[2]) for number, one in enumerate(log, 1) if one[:2] == (unit.stream, unit.seq)]
        highest = max((one[1] for one in log if one[0] == unit.stream), default=-1)
        (decision,) = unit.decisions
        if held:
            expected = "seq_conflict" if held[0][1] != unit.body else held[0][0]
        elif unit.seq > highest + LIMITS.seq_ahead:
            expected = "seq_too_far"
        elif decision.id in self.decisions:
            expected = "already_stored"
        else:
            expected = len(log) + 1
            self.logs.setdefault(unit.session, []).append((unit.stream, unit.seq, unit.body))
            self.decisions.append(decision.id)
        try:
            stored = future.result()  # type: ignore[attr-defined]
        except WatchworthyError as error:
            assert error.code == expected  # noqa: PT017
        else:
            assert (stored.log_number, stored.answer) == (expected, answer_of(stored.log_number))
            assert stored.repeated == bool(held)

    @rule(process=PROCESSES, session=SESSIONS, seq=st.integers(0, 12))
    def fail(self, process: int, session: str, seq: int) -> None:
        """A commit that fails stores nothing."""
        faults._reached.clear()
        os.environ[faults.VARIABLE] = "before_commit:1:raise"
        try:
            future = self.stores[process].submit(
                make_unit(seq, session=session, received_at_ms=self.now, ends=True)
            )
            assert isinstance(future.exception(), faults.Fault)
        finally:
            del os.environ[faults.VARIABLE]

    @rule(process=PROCESSES, session=SESSIONS)
    def seal(self, process: int, session: str) -> None:
        self.now += 1
        self.stores[process].seal(SITE, session, self.now)

    @rule(process=PROCESSES)
    def seal_due(self, process: int) -> None:
        self.now += LIMITS.idle_ms
        self.stores[process].seal_due(self.now)
        assert {row.status for row in self.stores[0].sessions()} <= {"sealed"}

    @rule(process=PROCESSES, session=SESSIONS)
    def erase(self, process: int, session: str) -> None:
        there = self.logs.pop(session, None) is not None
        assert self.stores[process].erase(SITE, session) == there
        kept = self.stores[0].read(lambda db: {name for (name,) in db.execute("SELECT name FROM decisions")})
        self.decisions = [name for name in self.decisions if name in kept]

    @rule(process=PROCESSES)
    def open_again(self, process: int) -> None:
        self.stores[process].close()
        self.stores[process] = Store.open(Path(self.folder.name), LIMITS)

    @invariant()
    def reads_equal_the_dict(self) -> None:
        store = self.stores[0]
        for session in ("s", "t", "u"):
            log = self.logs.get(session, [])
            kept = list(store.kept(SITE, session))
            assert [(one.stream, one.seq, one.body) for one in kept] == log
            assert [one.log_number for one in kept] == list(range(1, len(log) + 1))
            assert [n for n, _ in store.batches(SITE, session, len(log) // 2)] == [
                one.log_number for one in kept[len(log) // 2 :]
            ]
            for number, (stream, seq, _) in enumerate(log, 1):
                assert store.known(SITE, session, stream, seq)[0] == number
            row = store.session(SITE, session)
            assert (row is None) == (not log)
            if row is not None:
                assert (row.next_log, row.bytes) == (len(log) + 1, sum(len(one[2]) for one in log))
        objects = list(Path(self.folder.name).rglob("*.recording"))
        assert len(objects) == sum(row.sealed_object != "" for row in store.sessions())


TestModel = Machine.TestCase
TestModel.settings = settings(stateful_step_count=30)
