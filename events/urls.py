"""The addresses of what is sold; what lies under /events/<slug>/ is behind the gate."""

from django.apps import apps
from django.urls import path, register_converter
from django.urls.converters import IntConverter

from events.api import views as api
from events.views import buying, documents, door, door_devices, orders, pages, payments, previews, seats


class KeyConverter(IntConverter):
    """A database key; what is longer than any key can be names nothing."""

    regex = "[0-9]{1,18}"


register_converter(KeyConverter, "key")

app_name = "events"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("posters/<slug:slug>.<str:language>.svg", pages.poster, name="poster"),
    path("previews/<str:token>/", previews.preview, name="preview"),
    path("api/events/<slug:slug>/", api.event, name="api-event"),
    path("events/<slug:slug>/", pages.event_page, name="event"),
    path("events/<slug:slug>/here/", pages.here, name="here"),
    path("events/<slug:slug>/leave/", pages.leave, name="leave"),
    path("events/<slug:slug>/leave/ask/", pages.ask_to_leave, name="ask-to-leave"),
    path("events/<slug:slug>/seats/", seats.seat_map, name="seats"),
    path("events/<slug:slug>/seats/state/", seats.state, name="seats-state"),
    path("events/<slug:slug>/seats/<key:section_id>/", seats.section, name="section"),
    path("events/<slug:slug>/hold/", buying.hold, name="hold"),
    path("events/<slug:slug>/hold/release/", buying.release, name="release"),
    path("events/<slug:slug>/hold/drop/", buying.drop, name="drop"),
    path("events/<slug:slug>/checkout/", buying.checkout, name="checkout"),
    path("documents/<slug:code>/", documents.document, name="document"),
    path("documents/<slug:code>/<str:version>/", documents.version, name="document-version"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<slug:number>/", orders.order, name="order"),
    path("orders/<slug:number>/cancel/", orders.cancel, name="cancel"),
    path("orders/<slug:number>/cancel/ask/", orders.ask_to_cancel, name="ask-to-cancel"),
    path("orders/<slug:number>/send-again/", orders.send_again, name="send-again"),
    path("orders/<slug:number>/pay/", orders.pay, name="pay"),
    path("orders/<slug:number>/tickets/", orders.tickets, name="tickets"),
    path("tickets/<slug:serial>/", orders.ticket, name="ticket"),
    path("tickets/<slug:serial>/codes/", orders.moving, name="moving-codes"),
    path("payments/toss/<uuid:reference>/", payments.toss, name="toss"),
    path("payments/<slug:name>/<uuid:reference>/back/", payments.paid, name="paid"),
    path("payments/<slug:name>/callback/", payments.callback, name="callback"),
    path("staff/door/", door.door, name="door"),
    path("staff/door/undo/", door.undo, name="door-undo"),
    path("staff/door/counts/", door_devices.counts, name="door-counts"),
    path("staff/door/list/", door_devices.take_along, name="door-list"),
    path("staff/door/reconcile/", door_devices.reconcile, name="door-reconcile"),
    path("staff/door/worker.js", door_devices.worker, name="door-worker"),
]
if apps.is_installed("events.payments.sandbox"):
    from events.payments.sandbox.urls import urlpatterns as practice

    urlpatterns += practice
