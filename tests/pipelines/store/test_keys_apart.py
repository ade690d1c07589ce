"""Keys of sessions, and the master key that wraps them."""

import base64
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from data_contracts.errors import WatchworthyError
from pipelines.store import Store
from pipelines.store.crypto import Keys, bound, decrypt, encrypt
from tests.pipelines.store.making import SESSION, SITE, make_unit


def test_the_master_key_is_made_once_for_its_owner_only(opened: Callable[..., Store]) -> None:
    store = opened()
    path = store.folder / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    before = path.read_bytes()
    store.close()
    opened()
    assert path.read_bytes() == before
    assert sorted(one.name for one in store.folder.glob("master*")) == ["master.key"]


def test_the_master_key_may_come_from_the_environment(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHWORTHY_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
    store = opened()
    store.submit(make_unit(0)).result()
    assert not (store.folder / "master.key").exists()
    store.close()
    assert len(list(opened().batches(SITE, SESSION))) == 1


def test_another_master_key_is_refused(opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch) -> None:
    opened().close()
    monkeypatch.setenv("WATCHWORTHY_MASTER_KEY", base64.b64encode(bytes(32)).decode())
    with pytest.raises(WatchworthyError, match="master_key_wrong"):
        opened()


@pytest.mark.parametrize("said", ["short", base64.b64encode(bytes(31)).decode(), "é"])
def test_a_malformed_master_key_is_refused(
    opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("WATCHWORTHY_MASTER_KEY", said)
    with pytest.raises(WatchworthyError, match="master_key_wrong"):
        opened()


def test_a_lost_master_key_is_not_replaced_in_silence(opened: Callable[..., Store]) -> None:
    store = opened()
    store.close()
    (store.folder / "master.key").unlink()
    with pytest.raises(WatchworthyError, match="master_key_wrong"):
        opened()
    assert not (store.folder / "master.key").exists()


def test_each_session_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    names = [(SITE, "a"), (SITE, "b"), ("other", "a")]
    keys.make(names)
    sealed = encrypt(keys.of(*names[0]), b"data", b"")
    assert decrypt(keys.of(*names[0]), sealed, b"", "") == b"data"
    for name in names[1:]:
        with pytest.raises(WatchworthyError, match="store_corrupt"):
            decrypt(keys.of(*name), sealed, b"", "")
    keys.close()


def test_a_key_stays_the_same_and_an_erased_one_is_gone(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.make([(SITE, "a")])
    sealed = encrypt(keys.of(SITE, "a"), b"data", b"")
    keys.make([(SITE, "a")])
    keys.close()
    keys = Keys(tmp_path)
    assert decrypt(keys.of(SITE, "a"), sealed, b"", "") == b"data"
    keys.erase(SITE, "a")
    with pytest.raises(WatchworthyError, match="payload_expired"):
        keys.of(SITE, "a")
    keys.close()


def test_what_is_encrypted_is_bound_to_its_place_and_never_twice_the_same() -> None:
    cipher = AESGCM(bytes(32))
    here, there = bound("batch", "x", "yz", 1), bound("batch", "xy", "z", 1)
    assert here != there
    sealed = [encrypt(cipher, b"data", here) for _ in range(100)]
    assert len({one[:12] for one in sealed}) == 100
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        decrypt(cipher, sealed[0], there, "")
    with pytest.raises(WatchworthyError, match="store_corrupt"):
        decrypt(cipher, sealed[0][:-1], here, "")
