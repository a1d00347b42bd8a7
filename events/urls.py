"""The addresses of what is sold; what lies under /events/<slug>/ is behind the gate."""

from django.apps import apps
from django.urls import path

from events.api import buying as buying_api
from events.api import clock, door_devices, event
from events.api import door as door_api
from events.api import orders as orders_api
from events.api.answers import two_forms
from events.views import (
    best_seats,
    buying,
    documents,
    door,
    door_worker,
    draws,
    orders,
    pages,
    payments,
    posters,
    previews,
    seats,
)

app_name = "events"
urlpatterns = [
    path("", pages.listing, name="list"),
    path("posters/<slug:slug>.<str:language>.<slug:digest>.svg", posters.poster, name="poster-drawn"),
    path("posters/<slug:slug>.<str:language>.svg", posters.poster, name="poster"),
    path("pictures/<slug:motif>-<int:hue>.<slug:digest>.svg", posters.picture, name="picture"),
    path("previews/<str:token>/", previews.preview, name="preview"),
    path("api/clock/", clock.clock, name="clock"),
    path("api/events/<slug:slug>/", event.event, name="api-event"),
    path("events/<slug:slug>/", pages.event_page, name="event"),
    path("events/<slug:slug>/here/", event.here, name="here"),
    path("events/<slug:slug>/leave/", pages.leave, name="leave"),
    path("events/<slug:slug>/leave/ask/", pages.ask_to_leave, name="ask-to-leave"),
    path("events/<slug:slug>/seats/", seats.seat_map, name="seats"),
    path("events/<slug:slug>/seats/state/", event.seats, name="seats-state"),
    path("events/<slug:slug>/seats/best/", best_seats.best_seats, name="best-seats"),
    path("events/<slug:slug>/seats/<key:section_id>/", seats.section, name="section"),
    path("events/<slug:slug>/hold/", two_forms(buying.hold, buying_api.hold), name="hold"),
    path("events/<slug:slug>/hold/release/", two_forms(buying.release, buying_api.release), name="release"),
    path("events/<slug:slug>/hold/extend/", two_forms(buying.extend, buying_api.extend), name="extend"),
    path("events/<slug:slug>/hold/drop/", two_forms(buying.drop, buying_api.drop), name="drop"),
    path("events/<slug:slug>/checkout/", two_forms(buying.checkout, buying_api.checkout), name="checkout"),
    path("draws/<slug:slug>/", draws.draw, name="draw"),
    path("draws/<slug:slug>/mine.json", draws.mine, name="draw-mine"),
    path("documents/<slug:code>/", documents.document, name="document"),
    path("documents/<slug:code>/<str:version>/", documents.version, name="document-version"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<slug:number>/", two_forms(orders.order, orders_api.order), name="order"),
    path("orders/<slug:number>/cancel/", two_forms(orders.cancel, orders_api.cancel), name="cancel"),
    path("orders/<slug:number>/cancel/ask/", orders.ask_to_cancel, name="ask-to-cancel"),
    path("orders/<slug:number>/send-again/", orders.send_again, name="send-again"),
    path("orders/<slug:number>/pay/", orders.pay, name="pay"),
    path("orders/<slug:number>/tickets/", orders.tickets, name="tickets"),
    path("tickets/<slug:serial>/", orders.ticket, name="ticket"),
    path("tickets/<slug:serial>/codes/", orders_api.moving, name="moving-codes"),
    path("payments/toss/<uuid:reference>/", payments.toss, name="toss"),
    path("payments/<slug:name>/<uuid:reference>/back/", payments.paid, name="paid"),
    path("payments/<slug:name>/callback/", payments.callback, name="callback"),
    path("staff/door/", two_forms(door.door, door_api.scan), name="door"),
    path("staff/door/undo/", two_forms(door.undo, door_api.undo), name="door-undo"),
    path("staff/door/counts/", door_devices.counts, name="door-counts"),
    path("staff/door/list/", door_devices.take_along, name="door-list"),
    path("staff/door/reconcile/", door_devices.reconcile, name="door-reconcile"),
    path("staff/door/worker.js", door_worker.worker, name="door-worker"),
]
if apps.is_installed("events.payments.sandbox"):
    from events.payments.sandbox.urls import urlpatterns as practice

    urlpatterns += practice
