"""A workspace on a data directory: frames as their contracts say, beside the running service, and nothing written."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import numpy as np
import pytest

from data_contracts.annotations import Annotation
from data_contracts.errors import WatchworthyError
from data_contracts.frames import DECISIONS, EVENTS, LABELS, SESSIONS, SIGNALS, dtype_of
from data_contracts.tables import SCORES
from pipelines.store.annotating import annotate
from pipelines.workspace.table import features_table
from service.live.closing import close_ended
from tests.service.live_store import Served
from tests.service.test_live_decisions import sample, visit
from watchworthy import Workspace

NAMES = ("struggling-dead-coupon", "automated-straight-cursor", "calm-buy")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
THEN = 1_900_000_000_000


def said(store: object, session: str, label: str, at: int = THEN, **facts: object) -> None:
    made = Annotation(
        annotation_id=f"an_{hashlib.sha256(f'{session}{label}{facts}'.encode()).hexdigest()[:24]}",
        session_id=session, label=label, reason="watched", source="ann", recorded_at_ms=at, **facts,
    )  # fmt: skip
    store.write(lambda db: annotate(db, "default", session, made, None), ()).result()  # type: ignore[attr-defined]


async def filled(one: Served, folder: Path) -> None:
    for name in NAMES:
        await visit(one, sample(name), name)
    await close_ended(one.service.reception)
    said(
        one.service.store, NAMES[0], "struggle", from_ms=7_000, to_ms=14_000, confidence=0.9, model_seen="abc"
    )
    said(one.service.store, NAMES[2], "calm")
    said(one.service.store, NAMES[2], "struggle", at=THEN + 5)
    labels = Workspace(folder).labels()
    back = labels[
        (labels["session_id"] == NAMES[2]) & (labels["head"] == "frustration") & (labels["value"] == 1)
    ]
    said(one.service.store, NAMES[2], "struggle", at=THEN + 9, retracts=str(back["label_id"].iloc[0]))


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_everything_is_read_beside_the_running_service(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Served(tmp_path) as one:
            await filled(one, tmp_path)
            before = bytes_of(tmp_path)
            work = Workspace(f"sqlite:///{tmp_path}/store.db")
            found = {
                SESSIONS: work.sessions(), EVENTS: work.events(NAMES[2]), features_table(): work.features(),
                SIGNALS: work.signals(), SCORES: work.scores(), LABELS: work.labels(), DECISIONS: work.decisions(),
            }  # fmt: skip
            for table, frame in found.items():
                told = {name: str(kind) for name, kind in frame.dtypes.items()}
                assert told == {column.name: dtype_of(column) for column in table.columns}, table.name
                assert len(frame), table.name
            assert bytes_of(tmp_path) == before
            assert set(found[SESSIONS]["session_id"]) == set(NAMES)
            plain = (
                Workspace([SAMPLES / f"{name}.json.gz" for name in NAMES]).features().set_index("session_id")
            )
            ours = work.features().set_index("session_id").loc[plain.index]
            same = (ours == plain) | (ours.isna() & plain.isna())
            assert same.drop(columns="started_at_ms").all().all()
            scores = found[SCORES]
            card = one.service.store.card("default", NAMES[0])
            assert card is not None
            last = scores[(scores["session_id"] == NAMES[0])].iloc[-1]
            assert last["frustration"] == card.frustration
            labels = found[LABELS]
            kinds = labels["kind"].value_counts().to_dict()
            assert kinds == {"annotation": 3, "goal": 1}
            assert labels.set_index("label_id")["retracted_at_ms"].max() == THEN + 9
            known = work.training_set("frustration", known_at=THEN, allow_leaks=True)
            assert dict(zip(known["session"].tolist(), known["label"].tolist(), strict=True)) == {
                NAMES[0]: 1,
                NAMES[2]: 0,
            }
            assert np.isnan(known["inclusion_weight"]).sum() + known["drawn"].sum() == len(known)
            between = work.training_set("frustration", known_at=THEN + 6, allow_leaks=True)
            assert between.provenance["dropped"]["label_replaced_by_a_later_one"] == 1
            one.service.store.erase("default", NAMES[0])
            later = Workspace(tmp_path)
            assert NAMES[0] not in set(later.sessions()["session_id"])
            assert later.decisions()["erased"].any()
            assert NAMES[0] not in set(later.features()["session_id"])

    asyncio.run(scenario())


def test_what_no_workspace_opens_is_said(tmp_path: Path) -> None:
    with pytest.raises(WatchworthyError, match="PostgreSQL is not there yet"):
        Workspace("postgresql://host/name")
    with pytest.raises(WatchworthyError, match=r"no store\.db"):
        Workspace(f"sqlite:///{tmp_path}")
    with pytest.raises(WatchworthyError, match="no such session"):
        Workspace(SAMPLES / "calm-game.json.gz").events("nobody")
