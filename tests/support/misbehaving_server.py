"""A local HTTP server that serves files, or misbehaves as told."""

from __future__ import annotations

import gzip
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Server:
    """What to answer to each path: bytes, or a function of the request handler.

    A list of answers is used up one request after the other, the last one for ever.
    """

    def __init__(self, port):
        self.port = port
        self.answers = {}
        self.requests = []

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, handler):
        self.requests.append(handler.path)
        found = self.answers.get(unquote(handler.path))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if found is None:
            status(404)(handler)
        elif isinstance(found, bytes):
            whole(found)(handler)
        else:
            found(handler)


@contextmanager
def serving():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.close_connection = True
            with suppress(ConnectionError):  # the client may well have left
                server.answer(self)

        def do_POST(self):
            self.close_connection = True
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with suppress(ConnectionError):
                server.answer(self)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server = Server(http.server_port)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def whole(body, **headers):
    def serve(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return serve


def status(code, body=b"<html>panne</html>", **headers):
    def serve(handler):
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return serve


def redirect(location):
    return status(302, b"", Location=location)


def truncated(body, announced):
    """Announce more bytes than are sent, and hang up."""

    def serve(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(announced))
        handler.end_headers()
        handler.wfile.write(body)

    return serve


def unmeasured(body):
    """Send a body without saying how long it is, and hang up: insee.fr does."""

    def serve(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return serve


def truncated_chunks(body):
    """Send one chunk of a body without the last, empty one."""

    def serve(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))

    return serve


def dripping(*, chunk=b"x", every_s=0.02, for_s=5.0):
    """Send a little, again and again."""

    def serve(handler):
        handler.send_response(200)
        handler.end_headers()
        end = time.monotonic() + for_s
        while time.monotonic() < end:
            handler.wfile.write(chunk)
            handler.wfile.flush()
            time.sleep(every_s)

    return serve


def mute(for_s=1.0):
    return lambda _handler: time.sleep(for_s)


def gzipped(body, *, cut=0):
    packed = gzip.compress(body)
    return whole(packed[: len(packed) - cut], Content_Encoding="gzip")
