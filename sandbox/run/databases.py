"""Databases on any server that a URL names, embedded or not."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


def named(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(url)
    # urlunsplit drops the // of an empty host part, which psycopg needs.
    changed = urlunsplit(parts._replace(path=f"/{database}"))
    return changed if "://" in changed else changed.replace(":", "://", 1)


def create(url: str, database: str, *, template: str = "template0") -> str:
    """Create a database as a copy of `template`, return its URL. Nobody may be connected to `template`.

    Raises psycopg.errors.DuplicateDatabase when there is one of that name.
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _run(url, statement.format(sql.Identifier(database), sql.Identifier(template)))
    return named(url, database)


def drop(url: str, database: str) -> None:
    """Drop a database with its connections; nothing happens when there is none."""
    _run(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _run(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(named(url, "postgres"), autocommit=True) as connection:
        connection.execute(statement)
