"""Sockets whose address says so fail, as a mistake in the consumer would have them."""

from typing import Any

from django.apps import AppConfig


class FailingConfig(AppConfig):
    name = "tests.stack.failing"
    label = "failing"

    def ready(self) -> None:
        """Put the mistake in."""
        from waitingroom.consumers import QueueConsumer  # models are known by now, and not before

        serve = QueueConsumer.__call__

        async def fail(self: Any, scope: Any, receive: Any, send: Any) -> None:
            query = scope["query_string"].decode()
            if query.startswith("fail"):
                raise ValueError(f"no socket for {query}")
            await serve(self, scope, receive, send)

        QueueConsumer.__call__ = fail  # type: ignore[method-assign]  # it is the mistake
