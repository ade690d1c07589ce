"""What is played before the first real batch comes, so that everything compiled is compiled by then."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from data_contracts.batches import Batch
from data_contracts.limits import Limits
from features.memory import Memory
from models.live_scores import LiveScorer
from service.live.batch_body import events_within

REHEARSAL: Final = (
    b'[{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1},{"type":2,"data":{"node":{"type":0,"id":1,'
    b'"childNodes":[{"type":2,"id":2,"tagName":"button","attributes":{"id":"a","class":"b"},"childNodes":[]},'
    b'{"type":2,"id":7,"tagName":"i","attributes":{"class":"b"},"childNodes":[]},'
    b'{"type":2,"id":8,"tagName":"i","attributes":{"class":"b"},"childNodes":[]}]},'
    b'"initialOffset":{"left":0,"top":0}},"timestamp":2}]',
    b'{"type":3,"data":{"source":1,"positions":[{"x":1,"y":1,"id":2,"timeOffset":0}]},"timestamp":3}\n'
    b'{"type":3,"data":{"source":2,"type":2,"id":2,"x":1,"y":1},"timestamp":4}\n'
    b'{"type":3,"data":{"source":0,"texts":[{"id":2,"value":"x"}],"attributes":[{"id":2,"attributes":{"class":"c"}}],'
    b'"removes":[],"adds":[{"parentId":2,"nextId":null,"node":{"type":3,"id":3,"textContent":"y"}}]},"timestamp":5}\n'
    b'{"type":3,"data":{"source":0,"texts":[{"id":2,"value":"x"}],"attributes":[],"removes":[],"adds":[]},'
    b'"timestamp":6}\n{"type":3,"data":{"source":0,"texts":[],"attributes":[{"id":2,"attributes":{"class":"d"}}],'
    b'"removes":[{"parentId":2,"id":3}],"adds":[]},"timestamp":3000}',
    b'[{"type":4,"data":{"href":"/?a=b@c.example","more":1},"timestamp":3001},{"type":3,"data":{"source":2,"type":1,'
    b'"id":2,"x":1,"y":1},"timestamp":3002.5}]',
)
"""Batches that touch what is compiled, played before the first real one comes."""
NAMED: Final = (2, 7)  # an element with a name of its own, and one that only its place tells from another


def rehearse(
    new: Callable[[str], Memory],
    thawed: Callable[[bytes, str], Memory],
    scorer: LiveScorer,
    limits: Limits,
    name: str = "rehearsal",
) -> None:
    """Take the batches of the rehearsal as if they were real, score what they come to, and name its elements.

    Parameters
    ----------
    new, thawed
        Make a memory of a name: an empty one, and one from a checkpoint.
    """
    memory = new(name)
    for seq, text in enumerate(REHEARSAL):
        memory.push(Batch("0", seq, events_within(text, limits, math.inf).events))
        session, _ = memory.latest()
        if session is not None:
            scorer.scores(session)
            for node in NAMED:
                session.element(0, node)
        if (frozen := memory.freeze()) is not None:
            memory = thawed(frozen, name)
