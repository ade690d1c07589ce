import re

import pytest

from data_contracts import tables


def test_the_stored_contracts_are_current() -> None:
    stored = {path.name: path.read_text("utf-8") for path in tables.FOLDER.glob("*.yaml")}
    assert stored == tables.texts(), "run `python -m data_contracts.tables`"


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_a_contract_names_every_column_of_its_table(table: tables.Table) -> None:
    text = tables.contract(table)
    assert re.findall(r"^      - name: (\w+)$", text, re.M) == table.schema.names
    assert all(one.text.endswith(".") for one in table.columns)
    assert table.unique in table.schema.names
