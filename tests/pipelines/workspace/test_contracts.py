"""The contracts of tables are current, name every column, and nothing is taken from who reads them by accident."""

import re

import pyarrow as pa
import pytest

from data_contracts.frames import SIGNALS, dtype_of
from data_contracts.tables import FOLDER, Table, contract
from pipelines.workspace import contracts
from pipelines.workspace.page import PAGE, text

TABLES = contracts.tables()


def test_the_stored_contracts_are_current() -> None:
    stored = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir() if path != contracts.LEDGER}
    assert stored == contracts.texts(), "run `python -m pipelines.workspace.contracts`"
    assert contracts.written() == contracts.ledger(contracts.written(), TABLES)


def test_nothing_that_was_published_is_taken_away() -> None:
    assert not contracts.breaks(contracts.written(), TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_contract_names_every_column_of_its_table(table: Table) -> None:
    text = contract(table)
    assert re.findall(r"^      - name: (\w+)$", text, re.M) == table.schema.names
    assert all(one.text.endswith(".") for one in table.columns)
    assert not table.unique or table.unique in table.schema.names
    assert list(contracts.json_schema(table)["properties"]) == table.schema.names


def changed(table: Table, column: str, **facts: object) -> Table:
    columns = tuple(one._replace(**facts) if one.name == column else one for one in table.columns)
    return table._replace(columns=columns)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (SIGNALS._replace(columns=SIGNALS.columns[1:]), "session_id is gone"),
        (changed(SIGNALS, "code", name="signal"), "code is gone"),
        (changed(SIGNALS, "severity", type=pa.int64()), "severity was double and is int64"),
        (changed(SIGNALS, "start_ms", null=True), "start_ms may now be null"),
    ],
)
def test_a_breaking_change_is_refused_until_the_version_is_raised(table: Table, said: str) -> None:
    others = [one for one in TABLES if one.name != "signals"]
    published = contracts.ledger({}, TABLES)
    (wrong,) = contracts.breaks(published, [*others, table])
    assert said in wrong
    assert not contracts.breaks(published, [*others, table._replace(version="2.0.0")])
    grown = contracts.ledger(published, [*others, table._replace(version="2.0.0")])
    assert grown["signals"]["1"] == published["signals"]["1"]
    assert grown["signals"]["2"] != published["signals"]["1"]


def test_a_column_more_breaks_nothing_and_a_table_less_does() -> None:
    published = contracts.ledger({}, TABLES)
    more = SIGNALS._replace(columns=(*SIGNALS.columns, SIGNALS.columns[0]._replace(name="more")))
    others = [one for one in TABLES if one.name != "signals"]
    assert not contracts.breaks(published, [*others, more])
    assert contracts.breaks(published, others) == ["The table signals is gone."]


def test_every_column_has_a_type_in_a_frame() -> None:
    for table in TABLES:
        if table.name != "vectors":
            assert all(dtype_of(one) for one in table.columns)


def test_the_page_lists_the_columns_as_they_are() -> None:
    page = PAGE.read_text("utf-8")
    assert page == text(page), "run `python -m pipelines.workspace.page`"
    assert "| `propensity` | `float64` |" in page
