"""Words of Django and of other parts that their own Korean catalogue lacks, or has in a way that nobody says.

The site's catalogue comes before theirs; here it finds them.
"""

from django.utils.translation import gettext_noop

WORDS = (
    # Django's admin: "뷰 주문", "독자는 ... 권한이 없습니다".
    gettext_noop("View %s"),
    gettext_noop("You don’t have permission to view or edit anything."),
    # axes has no Korean catalogue.
    gettext_noop("access attempt"),
    gettext_noop("access attempts"),
    gettext_noop("access failure"),
    gettext_noop("access failures"),
    gettext_noop("access log"),
    gettext_noop("access logs"),
    gettext_noop("User Agent"),
    gettext_noop("IP Address"),
    gettext_noop("HTTP Accept"),
    gettext_noop("Path"),
    gettext_noop("Attempt Time"),
    gettext_noop("Access lock out"),
    gettext_noop("GET Data"),
    gettext_noop("POST Data"),
    gettext_noop("Failed Logins"),
    gettext_noop("Logout Time"),
    gettext_noop("Session key hash (sha256)"),
    gettext_noop("Form Data"),
    gettext_noop("Meta Data"),
    gettext_noop("Locked Out"),
    gettext_noop("Clean up expired attempts"),
    gettext_noop("Not set"),
    gettext_noop("Attempt Remaining"),
    # What models without a name of their own are called.
    gettext_noop("Authenticators"),
)
