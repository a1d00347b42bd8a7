"""Who asks: the session and its account, which every page reads first."""

from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from events.keyed import Keyed

# As Django makes them, of small letters and digits.
KEY_LENGTH = 32

accounts = Keyed(User, "id")
_sessions = Keyed(Session, "session_key")


class SessionStore(db.SessionStore):
    """Django's, in the database: what is deleted there is over at once, on every instance."""

    def _validate_session_key(self, key: str | None) -> bool:
        """Of the kind that sessions have; else it is nobody's, and the database, which may refuse it, is not asked."""
        return key is not None and len(key) == KEY_LENGTH and key.isascii() and key.isalnum()

    def _get_session_from_db(self) -> Session | None:
        """The session, unless its time is over."""
        session = _sessions.get(self.session_key or "")
        if session is None or session.expire_date <= timezone.now():
            self._session_key = None
            return None
        return session
