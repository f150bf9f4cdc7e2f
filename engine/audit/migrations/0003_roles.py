from django.db import migrations

ROLES = ("viewer", "operator", "approver", "admin")


def make(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """The four roles as groups, so that the admin can hand them out. What they may is in engine/core/actor.py."""

    dependencies = [("engine_audit", "0002_append_only"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
