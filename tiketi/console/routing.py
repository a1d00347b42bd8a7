"""The console's WebSocket addresses."""

from django.urls import re_path

from tiketi.console.consumers import OverviewConsumer, SaleConsumer

websocket_urlpatterns = [
    re_path(r"^ws/console/$", OverviewConsumer.as_asgi()),
    re_path(r"^ws/console/(?P<room>[-\w]+)/$", SaleConsumer.as_asgi()),
]
