"""What can be wrong with the parts of a draw; each error is one sentence."""


class BadDraw(ValueError):
    """Something is not as a draw's parts are written; `str` says what."""


class BadNote(BadDraw):
    """A signed note that cannot be read, or whose signature is not the key's."""


class BadReveal(BadDraw):
    """What a source is said to have given is not what the rule named."""


class BadEmail(BadDraw):
    """No e-mail address that an entry could be made of."""
