"""The cycle collector leaves alone what was loaded, and looks for garbage as usual afterwards."""

from __future__ import annotations

import gc

from django.apps import apps

from engine.core import collector


def test_what_the_product_has_loaded_is_frozen_and_the_usual_is_back() -> None:
    usual = gc.get_threshold()
    collector.loading()
    assert gc.get_threshold() > usual
    kept, frozen = [[]], gc.get_freeze_count()  # a container, as only these are looked at
    apps.get_app_config("engine_core").ready()
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() > frozen
    assert not any(each is kept for each in gc.get_objects())
