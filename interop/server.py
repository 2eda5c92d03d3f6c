"""A scripted HTTP/1.1 server on loopback: it answers one request after another from a list and keeps what it was asked.

Two ports of one machine stand for two origins. Every wait is bounded, and closing the server ends its threads.
"""

import socket
import threading

WAIT = 5.0
LONGEST_HEAD = 64 * 1024
LONGEST_BODY = 1024 * 1024


class Server:
    """Listens on two ports and plays one script at a time."""

    def __init__(self):
        self._lock = threading.Lock()
        self._answers = []
        self._log = []
        self._open = True
        self._connections = set()
        self._listeners = []
        self.ports = []
        for _ in range(2):
            listener = socket.create_server(("127.0.0.1", 0))
            listener.settimeout(0.2)
            self._listeners.append(listener)
            self.ports.append(listener.getsockname()[1])
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def play(self, answers):
        """Sets the answers, each `(status, fields, body as bytes)`, and forgets what was asked before."""
        with self._lock:
            self._answers = list(answers)
            self._log = []

    def log(self):
        """What was asked since `play`, and ends the connections that are still open."""
        with self._lock:
            log, connections = self._log, list(self._connections)
            self._log, self._answers = [], []
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        return log

    def close(self):
        """Ends all threads."""
        self._open = False
        self.log()
        for listener in self._listeners:
            listener.close()

    def _accept(self, listener):
        while self._open:
            try:
                connection, _ = listener.accept()
            except socket.timeout:
                continue
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(WAIT)
        with self._lock:
            self._connections.add(connection)
        try:
            stream = connection.makefile("rb")
            while self._open:
                request = read_request(stream)
                if request is None:
                    return
                with self._lock:
                    self._log.append(request)
                    answer = self._answers.pop(0) if self._answers else (599, [], b"no answer is left")
                connection.sendall(written(answer, request["method"]))
        except (OSError, ValueError):
            return
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


def read_request(stream):
    """One request as a dict, or None at the end of the connection."""
    line = stream.readline(LONGEST_HEAD)
    if not line:
        return None
    method, target, _ = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
    fields = []
    while True:
        line = stream.readline(LONGEST_HEAD).decode("latin-1").rstrip("\r\n")
        if not line:
            break
        name, _, value = line.partition(":")
        fields.append((name.lower(), value.strip()))
    named = dict(fields)
    if "chunked" in named.get("transfer-encoding", ""):
        body = read_chunks(stream)
    else:
        body = stream.read(min(int(named.get("content-length", "0")), LONGEST_BODY))
    return {"method": method, "target": target, "fields": fields, "body": body.decode("latin-1")}


def read_chunks(stream):
    """The data of a chunked body; trailers are read over."""
    body = b""
    while True:
        size = int(stream.readline(1024).split(b";")[0], 16)
        if size == 0:
            break
        if len(body) + size > LONGEST_BODY:
            raise ValueError("the body is too long")
        body += stream.read(size)
        stream.readline(1024)
    while stream.readline(LONGEST_HEAD).strip():
        pass
    return body


def written(answer, method):
    """An answer as bytes."""
    status, fields, body = answer
    lines = [f"HTTP/1.1 {status} Scripted", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in fields]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if method == "HEAD" else head + body
