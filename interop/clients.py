"""The real clients and ours, each told the same session and requests. What each `run` gives is one outcome for each
request: the status that was delivered and the text of the body, or "error".
"""

import asyncio
import json
import os
import subprocess
import tempfile

TIMEOUT = 10


def body_of(request):
    """The body as bytes, or None."""
    return request["body"].encode() if "body" in request else None


class Requests:
    """requests.Session"""

    name = "requests"

    @staticmethod
    def version():
        import requests

        return f"requests {requests.__version__}"

    @staticmethod
    def run(session, requests_):
        import requests

        outcomes = []
        with requests.Session() as client:
            client.trust_env = False
            client.headers.update(dict(session.get("headers", [])))
            client.params = dict(session.get("params", []))
            if "auth" in session:
                client.auth = tuple(session["auth"]["basic"])
            for request in requests_:
                removed = {name: None for name in request.get("remove_headers", [])}
                params = {**dict(request.get("params", [])), **{name: None for name in request.get("remove_params", [])}}
                try:
                    answer = client.request(
                        request.get("method", "GET"),
                        request["url"],
                        headers={**dict(request.get("headers", [])), **removed},
                        params=params,
                        data=request.get("form", body_of(request)),
                        json=request.get("json"),
                        cookies=dict(request.get("cookies", [])) or None,
                        auth=tuple(request["auth"]["basic"]) if "auth" in request else None,
                        timeout=TIMEOUT,
                    )
                    outcomes.append({"status": answer.status_code, "text": answer.text})
                except requests.RequestException:
                    outcomes.append("error")
        return outcomes


class Aiohttp:
    """aiohttp.ClientSession"""

    name = "aiohttp"

    @staticmethod
    def version():
        import aiohttp

        return f"aiohttp {aiohttp.__version__}"

    @classmethod
    def run(cls, session, requests_):
        return asyncio.run(asyncio.wait_for(cls._run(session, requests_), TIMEOUT * 2))

    @staticmethod
    async def _run(session, requests_):
        import aiohttp

        def basic(settings):
            return aiohttp.BasicAuth(*settings["auth"]["basic"]) if "auth" in settings else None

        outcomes = []
        client = aiohttp.ClientSession(
            base_url=session.get("base_url"),
            headers=session.get("headers", []),
            auth=basic(session),
            # Without this, the cookies of hosts that are addresses are ignored.
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        )
        async with client:
            for request in requests_:
                try:
                    answer = await client.request(
                        request.get("method", "GET"),
                        request["url"],
                        headers=request.get("headers", []),
                        params=request.get("params") or None,
                        data=request.get("form", body_of(request)),
                        json=request.get("json"),
                        cookies=dict(request.get("cookies", [])) or None,
                        auth=basic(request),
                    )
                    outcomes.append({"status": answer.status, "text": await answer.text()})
                except (aiohttp.ClientError, asyncio.TimeoutError, UnicodeDecodeError):
                    outcomes.append("error")
        return outcomes


class Curl:
    """The program curl, following redirects, with its cookie engine on."""

    name = "curl"

    @staticmethod
    def version():
        said = subprocess.run(["curl", "--version"], capture_output=True, text=True, timeout=TIMEOUT, check=True)
        return " ".join(said.stdout.split()[:2])

    @classmethod
    def run(cls, session, requests_):
        with tempfile.TemporaryDirectory() as folder:
            bodies = [os.path.join(folder, f"body{number}") for number in range(len(requests_))]
            command = ["curl", "-q"]
            for request, body in zip(requests_, bodies):
                # One run, so that one engine holds the cookies. An empty -b switches it on.
                command += ["--next"] if len(command) > 2 else []
                command += ["-s", "-L", "--noproxy", "*", "-m", str(TIMEOUT), "-b", "", "-o", body]
                command += ["-w", "%{exitcode} %{http_code}\n"]
                command += cls._options(session, request, folder) + [request["url"]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT * 4, check=False)
            lines = [line.split() for line in done.stdout.splitlines()]
            return [cls._outcome(*line, request, body) for line, request, body in zip(lines, requests_, bodies)]

    @staticmethod
    def _outcome(exit_code, status, request, body):
        if exit_code != "0":
            return "error"
        text = ""
        # With -I, curl writes the head there.
        if os.path.exists(body) and request.get("method") != "HEAD":
            with open(body, encoding="utf-8", errors="replace") as file:
                text = file.read()
        return {"status": int(status), "text": text}

    @staticmethod
    def _options(session, request, folder):
        options = []
        # A second -H of one name adds a line, so those of the session are left out here.
        for name, value in {**dict(session.get("headers", [])), **dict(request.get("headers", []))}.items():
            options += ["-H", f"{name}: {value}"]
        auth = request.get("auth", session.get("auth"))
        if auth:
            options += ["-u", ":".join(auth["basic"])]
        if "cookies" in request:
            options += ["-b", "; ".join(f"{name}={value}" for name, value in request["cookies"])]
        method, body = request.get("method", "GET"), request.get("body")
        for name, value in request.get("form", []):
            options += ["--data-urlencode", f"{name}={value}"]
        # Each method by the option that curl has for it; `-X` where there is none.
        if method == "PUT" and body is not None:
            upload = os.path.join(folder, "upload")
            with open(upload, "w", encoding="utf-8") as file:
                file.write(body)
            # Whether it waits for 100 is a matter of its version.
            return options + ["-T", upload, "-H", "Expect:"]
        if method == "HEAD":
            options += ["-I"]
        elif method not in ("GET", "POST"):
            options += ["-X", method]
        if body is not None:
            options += ["--data-binary", body]
        return options


class Ours:
    """The library, by its example program, with the preset named."""

    def __init__(self, program, preset):
        self._command, self._preset = [program], preset

    def run(self, session, requests_):
        case = {"session": {**session, "compat": self._preset}, "requests": requests_}
        done = subprocess.run(
            self._command, input=json.dumps(case), capture_output=True, text=True, timeout=TIMEOUT * 4, check=False
        )
        if done.returncode:
            raise RuntimeError(f"our program ended with {done.returncode}: {done.stderr.strip()}")
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        return ["error" if "error" in outcome else outcome for outcome in outcomes]


ALL = [Requests, Aiohttp, Curl]
