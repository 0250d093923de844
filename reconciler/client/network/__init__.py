"""TCP and TLS below httpcore, by asyncio's own transports.

Why it is our own: httpcore's way is by anyio, which sets a timer for each read and each write, and sends a
request as two packets. Here whoever asks bounds the request as a whole, and what is written goes out with the
next read. `apply` of 1,000 versions at 32 at once takes 1.50 times as long as a careful script on aiohttp
and uvloop; with httpcore's own way 1.68 times, and with that and one packet a request 1.58 times (medians,
`python -m tests.bench`). Once those three are alike, this folder can go.

httpx-aiohttp does not serve in its place: it reports a connection that was lost after sending as one that was
never made, and aiohttp sends a `PUT` again by itself.
"""

from reconciler.client.network.connect import Network
from reconciler.client.network.errors import TlsError

__all__ = ["Network", "TlsError"]
