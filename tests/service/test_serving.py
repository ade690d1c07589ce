import os
import signal

import pytest

from service.serving import stoppable


def told_to_end() -> None:
    with stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()


def test_a_command_that_is_told_to_end_cleans_up_as_after_ctrl_c() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        told_to_end()
    assert signal.getsignal(signal.SIGTERM) is before
