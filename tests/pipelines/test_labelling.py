"""The labelling experiment: nobody is on both sides, the same by seed, and the docs show what it measures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.experiments.labelling import (
    DOCS,
    ORDERS,
    ROUNDS,
    STEP,
    TITLES,
    Examples,
    one_run,
    picked,
    shops,
    split,
)


@pytest.fixture(scope="module", params=TITLES)
def shop(request: pytest.FixtureRequest) -> tuple[Examples, Examples]:
    return shops()[request.param]


@pytest.fixture(scope="module")
def site(shop: tuple[Examples, Examples]) -> Examples:
    return shop[0]


def test_nobody_and_no_scenario_is_on_both_sides(site: Examples) -> None:
    for seed in range(30):
        pool, test, who = split(site, np.random.default_rng(seed))
        assert not (pool & test).any()
        for name in ("person", "group"):
            assert not set(site[name][pool].tolist()) & set(site[name][test].tolist())
        assert set(site["person"][test].tolist()) <= who
        assert len(np.unique(site["label"][test])) == 2
        assert pool.sum() >= STEP * 3


def test_each_order_picks_ten_that_wait_and_by_its_own_rule(site: Examples) -> None:
    waiting = np.arange(0, len(site), 2)
    p = np.linspace(0.01, 0.99, len(site))
    rng = np.random.default_rng(1)
    found = {order: picked(order, waiting, p, b"a secret of sixteen bytes", rng) for order in ORDERS}
    assert all(len(set(rows)) == STEP and set(rows) <= set(waiting.tolist()) for rows in found.values())
    assert np.abs(p[found["doubt"]] - 0.5).max() <= np.sort(np.abs(p[waiting] - 0.5))[STEP - 1]
    assert p[found["queue"]].mean() > p[found["random"]].mean()


def test_orders_start_alike_and_calibrate_by_the_lottery_alone(shop: tuple[Examples, Examples]) -> None:
    steps = list(one_run(*shop, 11))
    first = [one for one in steps if one.labels == 0]
    assert [one.order for one in first] == list(ORDERS)
    assert len({(one.auc, one.log_loss) for one in first}) == 1
    last = {one.order: one for one in steps}
    assert all(one.labels <= STEP * ROUNDS for one in steps)
    assert last["doubt"].effective == 0  # no lottery, nothing to calibrate by
    assert last["random"].effective == last["random"].labels
    assert last["queue"].effective <= last["queue"].labels


def test_the_docs_show_what_was_measured() -> None:
    found = json.loads((DOCS / "labelling.json").read_text("utf-8"))
    assert found["runs"] >= 20
    assert (DOCS / "labelling.svg").exists()
    page = (DOCS / "labelling.md").read_text("utf-8")
    for site, order in [(site, order) for site in TITLES for order in ORDERS]:
        told = found[site]["orders"][order]
        assert [one["labels"] for one in told] == list(range(0, STEP * ROUNDS + 1, STEP))
        last = told[-1]
        for key in ("auc", "auc_from_start"):
            middle, low, high = last[key]
            assert low <= middle <= high
            assert f"{middle:.3f}" in page or f"{middle:+.3f}" in page, (site, order, key, middle)
