"""Show the built book on this machine: ``python -m lossbook.sphinx.serve [--port 8000]``.

Pages must come from a server, not from the disk: browsers refuse search and fonts to pages opened as files.
Text is compressed as static hosts do, so that what a browser measures here is what readers will get.
"""

import argparse
import gzip
import mimetypes
import sys
import webbrowser
from functools import lru_cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lossbook.sphinx.paths import HTML, PROJECT

try:
    import brotli
except ImportError:  # it comes with what builds the book; a built one can be shown without
    brotli = None

_COMPRESSED = ("text/", "application/json", "application/javascript", "application/wasm", "image/svg+xml")
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".woff2": "font/woff2",
    ".ipynb": "application/x-ipynb+json",
}


@lru_cache(maxsize=512)
def _compressed(path: Path, changed: float, encoding: str) -> bytes:
    if encoding == "br":
        return brotli.compress(path.read_bytes(), quality=9)
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def _encoding(accepted: str) -> str:
    """Return what the browser takes and we can do: Brotli, which most hosts send, else gzip."""
    names = {name.split(";")[0].strip() for name in accepted.split(",")}
    return "br" if brotli is not None and "br" in names else "gzip" if "gzip" in names else ""


class Handler(SimpleHTTPRequestHandler):
    """Serve the files below ``root``, under the path ``prefix``."""

    protocol_version = "HTTP/1.1"
    root = HTML
    prefix = "/"

    def do_GET(self) -> None:
        """Answer with the file, compressed where that pays and the browser takes it."""
        path = self._file()
        if path is None:
            self.send_error(404)
            return
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        encoding = _encoding(self.headers.get("Accept-Encoding", "")) if kind.startswith(_COMPRESSED) else ""
        body = _compressed(path, path.stat().st_mtime, encoding) if encoding else path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Cache-Control", "no-cache")
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def _file(self) -> Path | None:
        """Return the file that was asked for, if it lies below the root."""
        asked = unquote(urlsplit(self.path).path)
        if not asked.startswith(self.prefix):
            return None
        path = (self.root / asked.removeprefix(self.prefix)).resolve()
        path = path / "index.html" if path.is_dir() else path
        return path if path.is_file() and path.is_relative_to(self.root.resolve()) else None

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing for each request."""


class Server(ThreadingHTTPServer):
    """Answers several requests at a time; a browser that hangs up in between is nothing to report."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong, but for a connection that the other side has closed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl+C. Return the exit status: 2 if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m lossbook.sphinx.serve", description="Show the built book.")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args(arguments)
    if not (HTML / "index.html").exists():
        print(f"There is no book in {HTML.relative_to(PROJECT)} yet: run `make book` first.", file=sys.stderr)
        return 2
    try:
        server = Server(("127.0.0.1", options.port), Handler)
    except OSError as error:
        print(
            f"Port {options.port} cannot be used ({error.strerror}): choose another one with --port.",
            file=sys.stderr,
        )
        return 2
    address = f"http://127.0.0.1:{server.server_port}/"
    print(f"The book is at {address} (Ctrl+C ends it)", flush=True)
    if not options.no_browser:
        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
