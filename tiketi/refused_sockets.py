"""WebSockets that are refused before anybody is asked: an Origin that is none, an address that is none (403)."""

from urllib.parse import urlparse

from waitingroom.gate import App, Receive, Scope, Send


async def no_such_socket(_scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application at every address that is no socket's."""
    await receive()
    await send({"type": "websocket.close"})


def origins_read(app: App) -> App:
    """`app`, whose validator fails at an Origin that cannot be read, for those that can."""

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for name, value in scope["headers"]:
                if name == b"origin":
                    urlparse(value.decode("ascii"))
        except ValueError:
            await no_such_socket(scope, receive, send)
        else:
            await app(scope, receive, send)

    return reading
