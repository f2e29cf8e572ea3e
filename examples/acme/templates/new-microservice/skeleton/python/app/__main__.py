import os
import signal
import threading

from .server import create_server

server = create_server(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080")))


def stop(*_):
    # shutdown() waits for serve_forever(), which runs on this thread.
    threading.Thread(target=server.shutdown).start()


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
