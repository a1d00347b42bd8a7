"""The waiting room's WebSocket address."""

from django.urls import re_path

from waitingroom.consumers import QueueConsumer

websocket_urlpatterns = [re_path(r"^ws/events/(?P<room>[-\w]+)/queue/$", QueueConsumer.as_asgi())]
