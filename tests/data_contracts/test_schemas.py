from data_contracts import schemas


def test_the_stored_schemas_are_current():
    stored = {path.name: path.read_text(encoding="utf-8") for path in schemas.FOLDER.glob("*.json")}
    assert stored == schemas.texts(), "run `python -m data_contracts.schemas`"


def test_every_message_has_a_title_and_a_type():
    for name in schemas.MESSAGES:
        schema = schemas.schema(name)
        assert schema["title"].endswith(".")
        assert schema["$defs"]
