"""The service: routes here, the process in __main__."""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


def version():
    return os.environ.get("VERSION", "development")


def reach_database(url):
    """Dials the database the platform made. Use your driver's ping once you have one."""
    parts = urlsplit(url)
    socket.create_connection((parts.hostname, parts.port or 5432), timeout=2).close()


def health():
    url = os.environ.get("DATABASE_URL")
    try:
        if url:
            reach_database(url)
    except OSError as error:
        return 503, {"status": "failing", "version": version(), "database": str(error)}
    return 200, {"status": "ok", "version": version(), "database": "ok" if url else "none"}


def home():
    service = os.environ.get("SERVICE_NAME", "${{ values.name }}")
    return 200, {
        "message": f"Hello from {service}",
        "service": service,
        "environment": os.environ.get("ENVIRONMENT", "local"),
        "version": version(),
    }


ROUTES = {"/": home, "/health": health}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urlsplit(self.path).path
        route = ROUTES.get(path)
        status, body = route() if route else (404, {"error": f"There is nothing at {path}"})
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


def create_server(host, port):
    return ThreadingHTTPServer((host, port), Handler)
