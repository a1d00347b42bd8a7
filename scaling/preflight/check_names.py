"""What the checks before a sale are called in the console; commands and JSON keep their names."""

from django.utils.translation import gettext_lazy as _

CHECK_NAMES = {
    "addresses": _("addresses"),
    "boot": _("boot"),
    "capacity": _("capacity of the evening"),
    "clocks": _("clocks"),
    "database": _("database"),
    "drift": _("account as set up"),
    "holds": _("holds"),
    "image": _("machine image"),
    "line": _("line"),
    "loop": _("control loop"),
    "mail": _("mail"),
    "opening": _("opening"),
    "orders": _("orders to the fleet"),
    "payment": _("payment"),
    "prewarm": _("prewarm"),
    "quota": _("quota of the account"),
    "redis": _("Redis memory"),
    "region": _("region"),
    "serving": _("servers in service"),
    "telemetry": _("telemetry"),
    "topic": _("alarm topic"),
    "work": _("background work"),
}
