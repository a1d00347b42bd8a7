"""What staff had set before an upgrade, after it."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@pytest.mark.django_db(transaction=True)
def test_a_room_with_too_short_a_presence_gets_the_least():
    latest = [key for key in MigrationExecutor(connection).loader.graph.leaf_nodes() if key[0] == "waitingroom"]
    try:
        executor = MigrationExecutor(connection)
        executor.migrate([("waitingroom", "0006_recovery")])
        old = executor.loader.project_state([("waitingroom", "0006_recovery")]).apps.get_model(
            "waitingroom", "WaitingRoom"
        )
        for seconds in (10, 19, 20, 600):
            old.objects.create(slug=f"presence-{seconds}", presence_seconds=seconds)
        executor = MigrationExecutor(connection)
        executor.migrate(latest)
        new = executor.loader.project_state(latest).apps.get_model("waitingroom", "WaitingRoom")
        found = dict(new.objects.filter(slug__startswith="presence-").values_list("slug", "presence_seconds"))
        new.objects.filter(slug__startswith="presence-").delete()
    finally:
        MigrationExecutor(connection).migrate(latest)

    assert found == {"presence-10": 20, "presence-19": 20, "presence-20": 20, "presence-600": 600}
