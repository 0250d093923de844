"""The embedded control plane: the API of `wire`, served by Starlette from one SQLite file.

It stands in for the real server in the demo, in tests and on a machine without one:

    with Store("registry.db") as store:
        serve(create_app(store, Behaviour()), "127.0.0.1", 8000, ready=print)

What nobody outside knows of the real server is a switch of `Behaviour`. Of ours it imports `wire` and
nothing else, so that a mistake of the client cannot be repeated here.

    request -> app        routes and error answers, as data
               handlers   body and query -> store call -> answer
               store      one SQLite file: reads, and the transactions in `writes`
               documents  what a `PUT` makes of a registered document; pure
"""

from reconciler.registry.app import create_app
from reconciler.registry.behaviour import Behaviour
from reconciler.registry.errors import StoreError
from reconciler.registry.serve import Server, serve
from reconciler.registry.storage.store import Store

__all__ = ["Behaviour", "Server", "Store", "StoreError", "create_app", "serve"]
