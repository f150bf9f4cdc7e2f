"""RUN_DIR/env: closed to others, with secrets that last and logins that don't."""

import stat
from collections.abc import Callable

from cryptography.fernet import Fernet

from sandbox.run import envfile
from sandbox.run.paths import Paths
from tests.run.house import House
from tests.run.test_supervisor import GIVEN


def test_secrets_last_and_logins_are_made_anew(house: Callable[..., House], paths: Paths) -> None:
    seen = []
    for _ in range(2):
        run = house("ticking", **GIVEN)
        run.see("all up")
        seen.append(envfile.read(paths.env))
        assert stat.S_IMODE(paths.env.stat().st_mode) == 0o600
        assert run.stop() == 0
    first, second = seen
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["FIELD_KEYS"] == second["FIELD_KEYS"]
    assert first["OPERATOR_PASSWORD"] != second["OPERATOR_PASSWORD"]
    assert first["FLOWER_BASIC_AUTH"] == f"{first['FLOWER_USER']}:{first['FLOWER_PASSWORD']}"
    assert first.items() >= GIVEN.items()


def test_a_secret_from_the_environment_wins(house: Callable[..., House], paths: Paths) -> None:
    run = house("ticking", **GIVEN, SECRET_KEY="given")
    run.see("all up")
    assert envfile.read(paths.env)["SECRET_KEY"] == "given"
    assert run.stop() == 0


def test_field_keys_are_keys_of_fernet() -> None:
    cipher = Fernet(envfile.lasting_secrets({})["FIELD_KEYS"])
    assert cipher.decrypt(cipher.encrypt(b"key")) == b"key"


def test_a_value_may_hold_an_equals_sign(paths: Paths) -> None:
    paths.make()
    envfile.write(paths.env, {"URL": "postgresql://role@/db?host=/tmp/x", "EMPTY": ""})
    assert envfile.read(paths.env) == {"URL": "postgresql://role@/db?host=/tmp/x", "EMPTY": ""}
