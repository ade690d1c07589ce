from tests.service.typed import run

__all__ = ["run"]
