"""What is played before the first real batch comes, so that everything compiled is compiled by then."""

from __future__ import annotations

from typing import Final

REHEARSAL: Final = (
    b'[{"type":4,"data":{"href":"/","width":9,"height":9},"timestamp":1},{"type":2,"data":{"node":{"type":0,"id":1,'
    b'"childNodes":[{"type":2,"id":2,"tagName":"button","attributes":{"id":"a","class":"b"},"childNodes":[]}]},'
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
