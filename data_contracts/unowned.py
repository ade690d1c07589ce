"""An array that nobody counts references to, for compiled loops that hand one to many small functions.

Numba counts a reference for each function that takes an array, by an atomic addition that costs more than the few
bytes such a function reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from data_contracts.compiled import compiled
from data_contracts.json_walk import Bytes

null: Any = cgutils.get_null_value
view: Any = make_array


def _unowned(context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bare = view(signature.return_type)(context, builder, arguments[0])
        bare.meminfo = null(bare.meminfo.type)
        bare.parent = null(bare.parent.type)
        return bare._getvalue()

    return array(array), generate


unowned: Any = intrinsic(_unowned)
"""The same array for compiled code alone; whoever makes it must use the array itself once more afterwards."""


@compiled
def byte_at(text: Bytes, at: int) -> int:
    """Byte at an offset that is not negative, which Numba otherwise allows for at every look."""
    return text[np.uintp(at)]  # type: ignore[no-any-return]
