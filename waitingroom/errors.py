"""What can go wrong with a line, by name; who catches WaitingRoomError has caught all of it."""


class WaitingRoomError(Exception):
    """The waiting room cannot do what was asked."""


class LineUnavailable(WaitingRoomError):
    """Redis confirmed nothing: what was asked may have been done or not.

    It is safe to ask again: a visitor's verbs find what they did before, and the clock's do nothing twice. Only an
    operator's `admit` without a request counts anew.
    """

    def __init__(self, cause: object = "Redis gave no answer") -> None:
        super().__init__(f"{cause}; not confirmed, safe to ask again")
        self.cause = cause


class NotAsked(LineUnavailable):
    """Redis could not be reached, or refused to work at all: nothing of what was asked was done."""

    def __init__(self, cause: object = "Redis gave no answer") -> None:
        WaitingRoomError.__init__(self, f"{cause}; nothing was done")
        self.cause = cause


class OutOfMemory(LineUnavailable):
    """Redis has no memory for another visitor; nothing was changed, and those in line keep their places."""

    def __init__(self) -> None:
        super().__init__("Redis is out of memory")


class SettingsMissing(WaitingRoomError):
    """Redis has no settings for the room; the database says whether there is one."""


class TooManyNewcomers(WaitingRoomError):
    """Too many new names were drawn a moment ago, for this network or by this process; Redis was not asked."""


class WorkMissing(WaitingRoomError):
    """The room asks newcomers for a proof of work, and was handed none that is good and unspent; nothing was done."""


class RoomsUnknown(WaitingRoomError):
    """The database does not say whether there is such a room, and nobody has heard of it before."""


class RoomGone(LineUnavailable):
    """The database has no such room any more; it was known a moment ago."""

    def __init__(self, room: str) -> None:
        super().__init__(f"the room {room} is no more")


class DrawRefused(WaitingRoomError):
    """A step of a draw is not to be taken now; nothing was changed."""


class AlreadyTaken(DrawRefused):
    """The step was taken before, and is never taken twice."""


class EntryRefused(DrawRefused):
    """Somebody cannot enter a draw."""
