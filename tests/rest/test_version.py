"""The dated version of the API."""

from __future__ import annotations

from engine.rest import version
from engine.rest.models import ApiKey
from tests.rest.conftest import fault


def test_every_answer_says_its_version_and_an_unknown_one_is_refused(api):
    caller = api()
    for path in ("/api/keys", "/api/nothing", "/api/schema"):
        assert caller.get(path)["Clearbeat-Version"] == version.NOW
    assert caller.get("/api/keys", **{"Clearbeat-Version": version.NOW}).status_code == 200
    for asked in ("2020-01-01", "", "latest"):
        refused = caller.post(
            "/api/keys", {"name": "shop", "scopes": ["plans:read"]}, **{"Clearbeat-Version": asked}
        )
        assert fault(refused) == (400, "version_unknown", "Clearbeat-Version")
        assert refused["Clearbeat-Version"] == version.NOW
    assert not ApiKey.objects.filter(name="shop").exists()
