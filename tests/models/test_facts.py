"""Facts are the moments that stand and have a headline, each number as its column has it."""

from pathlib import Path

import numpy as np

from data_contracts.errors import WatchworthyError
from data_contracts.recordings import read
from features.log import sessions_of
from features.moments import CODES, MOMENT, WITHDRAWN
from models.facts import ROW, evidence_names, facts_of
from models.worth import HEADLINES


def test_a_row_is_read_as_numpy_reads_it() -> None:
    rng = np.random.default_rng(3)
    moments = np.frombuffer(rng.bytes(MOMENT.itemsize * 400), MOMENT)
    assert ROW.size == MOMENT.itemsize
    for moment, row in zip(moments, ROW.iter_unpack(moments.tobytes()), strict=True):
        names = ("start", "end", "page", "element", "severity", "evidence", "code", "state")
        told = [moment[name].tolist() for name in names]
        expected = [*told[:5], *told[5], *told[6:]]
        np.testing.assert_array_equal(np.array(row), np.array(expected))


def test_real_moments_become_facts(some_recordings: list[Path]) -> None:
    many = 0
    for path in some_recordings:
        try:
            sessions = sessions_of(read(path).batches, "x")
        except WatchworthyError:
            continue
        for session in sessions:
            facts = facts_of(session.moments, lambda page, node: f"{page}/{node}", lambda page: f"/{page}")
            kept = [m for m in session.moments if m["state"] != WITHDRAWN and CODES[m["code"]] in HEADLINES]
            many += len(kept)
            assert len(facts) == len(kept)
            for fact, m in zip(facts, kept, strict=True):
                assert (fact.code, fact.start_ms, fact.end_ms) == (CODES[m["code"]], m["start"], m["end"])
                assert (fact.element, fact.page) == (f"{m['page']}/{m['element']}", f"/{m['page']}")
                assert fact.severity == float(m["severity"])
                names = evidence_names().get(int(m["code"]), ())
                pairs = zip(names, m["evidence"].tolist(), strict=False)
                assert fact.evidence == {name: value for name, value in pairs if np.isfinite(value)}
    assert many > 10
