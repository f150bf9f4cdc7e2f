from django.db import migrations, models

# Of a word under several API keys the newest answer keeps it. The others keep their row under a word that nobody can
# send, so their callers are refused (409) where they ask again, and nothing is done twice.
RENAME = """
UPDATE engine_rest_answer a SET key = left(a.key, 200) || ' ' || a.id
 WHERE EXISTS (SELECT 1 FROM engine_rest_answer b WHERE b.key = a.key AND b.id > a.id)
"""


class Migration(migrations.Migration):
    """An Idempotency-Key names one request of the platform, not one per API key."""

    dependencies = [("engine_rest", "0003_uses_by_age")]
    operations = [
        migrations.RunSQL(RENAME, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "answer", models.UniqueConstraint(fields=["key"], name="one_answer_per_word_of_all")
        ),
        migrations.RemoveConstraint("answer", "one_answer_per_word"),
    ]
