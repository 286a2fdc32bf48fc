"""The case database: made from text that agrees with the description of its tables."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import schema as script
from sqlalchemy import create_engine

from heroes_forensics.errors import CustodyError
from heroes_forensics.store.database import Database
from heroes_forensics.store.schema import METADATA


def test_the_statements_are_those_of_the_described_tables() -> None:
    assert script.TABLES.read_text(encoding="utf-8") == script.built()


def test_a_database_that_sqlalchemy_makes_of_them_is_the_same(tmp_path: Path) -> None:
    database = Database.create(tmp_path / "case.db", {})
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    METADATA.create_all(engine)
    engine.dispose()
    with sqlite3.connect(tmp_path / "other.db") as connection:
        other = Database(tmp_path / "other.db", connection)
        assert other.schema_digest() == database.schema_digest()
    connection.close()
    database.close()


def test_a_table_more_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "case.db"
    Database.create(path, {}).close()
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE stranger (id INTEGER)")
    connection.close()
    with pytest.raises(CustodyError, match="does not have the tables"):
        Database.open(path)


def test_a_case_is_opened_without_sqlalchemy() -> None:
    code = "import sys, heroes_forensics.pipelines.runs.scan; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
