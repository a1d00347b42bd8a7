"""Who asks: the session and its account, which every page reads first."""

from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from events.keyed import Keyed

accounts = Keyed(User, "id")
_sessions = Keyed(Session, "session_key")


class SessionStore(db.SessionStore):
    """Django's, in the database: what is deleted there is over at once, on every instance."""

    def _get_session_from_db(self) -> Session | None:
        """The session, unless its time is over."""
        session = _sessions.get(self.session_key or "")
        if session is None or session.expire_date <= timezone.now():
            self._session_key = None
            return None
        return session
