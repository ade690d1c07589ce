"""Whatever is sent, repeated, sealed, swept and opened again: what is read equals a plain dict."""

import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from data_contracts.errors import WatchworthyError
from pipelines.store import Store, StoreLimits
from tests.pipelines.store.making import SITE, answer_of, body_of, make_unit

SESSIONS, STREAMS = st.sampled_from(["s", "t"]), st.sampled_from(["a", "b"])
LIMITS = StoreLimits(disk_free_bytes=0, frame_bytes=400, seq_ahead=6)


class Machine(RuleBasedStateMachine):
    """A store beside a dict from session to its batches by log number."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name), LIMITS)
        self.logs: dict[str, list[tuple[str, int, bytes]]] = {}
        self.now = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(session=SESSIONS, stream=STREAMS, seq=st.integers(0, 12), variant=st.sampled_from([0, 0, 0, 100]))
    def send(self, session: str, stream: str, seq: int, variant: int) -> None:
        body = body_of(seq + variant)
        log = self.logs.get(session, [])
        held = [(number, one) for number, one in enumerate(log, 1) if one[:2] == (stream, seq)]
        highest = max((one[1] for one in log if one[0] == stream), default=-1)
        try:
            unit = make_unit(seq, session=session, stream=stream, body=body, received_at_ms=self.now)
            stored = self.store.submit(unit).result()
        except WatchworthyError as error:
            assert error.code == ("seq_conflict" if held else "seq_too_far")  # noqa: PT017
            assert held[0][1][2] != body if held else seq > highest + LIMITS.seq_ahead
            return
        if held:
            assert held[0][1][2] == body
            assert stored == (held[0][0], answer_of(held[0][0]), True, False)
        else:
            self.logs.setdefault(session, []).append((stream, seq, body))
            assert stored.log_number == len(self.logs[session])
            assert stored.answer == answer_of(stored.log_number)

    @rule(session=SESSIONS)
    def seal(self, session: str) -> None:
        self.now += 1
        self.store.seal(SITE, session, self.now)

    @rule()
    def seal_due(self) -> None:
        self.now += LIMITS.idle_ms
        self.store.seal_due(self.now)
        assert {row.status for row in self.store.sessions()} <= {"sealed"}

    @rule(session=SESSIONS)
    def erase(self, session: str) -> None:
        assert self.store.erase(SITE, session) == (self.logs.pop(session, None) is not None)

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = Store.open(Path(self.folder.name), LIMITS)

    @invariant()
    def reads_equal_the_dict(self) -> None:
        for session in ("s", "t"):
            log = self.logs.get(session, [])
            kept = list(self.store.kept(SITE, session))
            assert [(one.stream, one.seq, one.body) for one in kept] == log
            assert [one.log_number for one in kept] == list(range(1, len(log) + 1))
            assert [n for n, _ in self.store.batches(SITE, session, len(log) // 2)] == [
                one.log_number for one in kept[len(log) // 2 :]
            ]
            for number, (stream, seq, _) in enumerate(log, 1):
                assert self.store.known(SITE, session, stream, seq)[0] == number
        objects = list(Path(self.folder.name).rglob("*.recording"))
        assert len(objects) == sum(row.sealed_object != "" for row in self.store.sessions())


TestModel = Machine.TestCase
