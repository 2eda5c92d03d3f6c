"""Sends the same requests through real clients and through ours with their preset, and compares what a server was asked.

    python compare.py PROGRAM [NAME...] [--write DOCUMENT]

PROGRAM is the example `compat_client`. With --write, the table between the markers of DOCUMENT is made anew. NAMEs choose
cases by a part of their name. The exit status is 1 where something differs that cases.json does not explain, and where
something that it explains does not differ.
"""

import argparse
import itertools
import json
import os
import sys

import clients
import server

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- made by interop/run: begin -->", "<!-- made by interop/run: end -->"
# What is never compared: who it is, and what it could decode.
NOT_COMPARED = ("user-agent", "accept-encoding")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("program")
    arguments.add_argument("--write")
    arguments.add_argument("names", nargs="*")
    arguments = arguments.parse_args()
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as file:
        data = json.load(file)
    cases = [case for written in data["cases"] for case in expanded(written, data["words"])]
    cases = [case for case in cases if not arguments.names or any(name in case["name"] for name in arguments.names)]
    peer = server.Server()
    try:
        rows, faults = [], []
        for case in cases:
            row, found = run(case, peer, arguments.program)
            rows.append(row)
            faults += found
    finally:
        peer.close()
    compared = sum(1 for row in rows for cell in row["cells"].values() if cell is not None)
    explained = sum(1 for row in rows for cell in row["cells"].values() if cell)
    for fault in faults:
        print(fault)
    print(f"{compared} exchanges compared: {explained} differ on purpose, {len(faults)} unexplained")
    if arguments.write and not faults and not arguments.names:
        write(arguments.write, rows, data["reasons"])
    return 1 if faults else 0


def expanded(case, words):
    """The cases that one entry stands for: one for each combination of its `matrix`. Some words stand for another."""
    matrix = case.get("matrix", {})
    for values in itertools.product(*matrix.values()):
        chosen = dict(zip(matrix, values))
        meant = {word: table[chosen[table["by"]]] for word, table in words.items() if table["by"] in chosen}
        yield {**filled(case, {key: str(value) for key, value in {**chosen, **meant}.items()}), "chosen": chosen}


def filled(value, words):
    """The value with each `{word}` replaced, in all its texts."""
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace("{" + word + "}", text)
        return value
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    return value


def run(case, peer, program):
    """One row of the table, and what is wrong with it."""
    first, second = peer.ports
    places = {
        "a": f"http://localhost:{first}",
        "port": f"http://localhost:{second}",
        "host": f"http://127.0.0.1:{first}",
    }
    told = filled(case, places)
    session, requests = told.get("session", {}), told["requests"]
    cells, faults = {}, []
    for client in clients.ALL:
        if client.name not in case.get("clients", ["requests", "aiohttp", "curl"]):
            cells[client.name] = None
            continue
        sides = []
        for side in (client, clients.Ours(program, client.name)):
            peer.play(answers(told["answers"]))
            outcomes = side.run(session, requests)
            sides.append(normalised(peer.log(), outcomes, places))
        found = differences(*sides)
        expected, whys = explained(case, client.name)
        if found != expected:
            faults.append(report(case, client.name, found, expected, *sides))
        cells[client.name] = whys
    return {"name": case["name"], "cells": cells}, faults


def answers(written):
    """The server's script."""
    script = []
    for answer in written:
        body = bytes.fromhex(answer["hex"]) if "hex" in answer else answer.get("body", "").encode()
        script += [(int(answer["status"]), answer.get("headers", []), body)] * answer.get("times", 1)
    return script


def normalised(log, outcomes, places):
    """What was asked, without what may differ: the order of fields, the ports, and the fields of NOT_COMPARED."""
    words = {f"{host.removeprefix('http://')}": "{" + name + "}" for name, host in places.items()}
    requests = []
    for request in log:
        fields = {}
        for name, value in request["fields"]:
            if name not in NOT_COMPARED:
                for text, word in words.items():
                    value = value.replace(text, word)
                fields.setdefault(name, []).append(value)
        requests.append({"method": request["method"], "target": request["target"], "body": request["body"], **fields})
    return requests, outcomes


def differences(theirs, ours):
    """The places that differ: the number of a request and what of it, or `outcome` and its number."""
    found = set()
    (their_log, their_outcomes), (our_log, our_outcomes) = theirs, ours
    if len(their_log) != len(our_log):
        found.add("requests")
    for number, (their, our) in enumerate(zip(their_log, our_log), 1):
        found |= {f"{number} {name}" for name in {*their, *our} if their.get(name) != our.get(name)}
    for number, pair in enumerate(itertools.zip_longest(their_outcomes, our_outcomes), 1):
        if pair[0] != pair[1]:
            found.add(f"outcome {number}")
    return found


def explained(case, client):
    """The places where this client differs on purpose, and why."""
    places, whys = set(), []
    for entry in case.get("differs", []):
        when = entry.get("when", {})
        if client in entry["client"] and all(case["chosen"][key] in values for key, values in when.items()):
            places |= set(entry["where"])
            whys.append(entry["why"])
    return places, whys


def report(case, client, found, expected, theirs, ours):
    """What to show of a case that differs in another way than was said."""
    lines = [f"{client}: {case['name']}"]
    lines += [f"  unexplained: {place}" for place in sorted(found - expected)]
    lines += [f"  explained, but the same: {place}" for place in sorted(expected - found)]
    for title, (log, outcomes) in (("theirs", theirs), ("ours", ours)):
        lines += [f"    {title}: {json.dumps(request, sort_keys=True)}" for request in log[:8]]
        lines.append(f"    {title}: {json.dumps(outcomes)}")
    return "\n".join(lines)


def write(document, rows, reasons):
    """Makes the table between the document's markers anew."""
    used = []
    for why in (why for row in rows for cell in row["cells"].values() for why in cell or []):
        if why not in used:
            used.append(why)
    shown = {None: "", (): "same"}
    lines = [f"Compared with {', '.join(client.version() for client in clients.ALL)}.", ""]
    lines += ["| exchange | " + " | ".join(client.name for client in clients.ALL) + " |", "|---" * 4 + "|"]
    for row in rows:
        cells = []
        for client in clients.ALL:
            whys = row["cells"][client.name]
            numbers = ", ".join(str(used.index(why) + 1) for why in whys or [])
            cells.append(shown.get(whys if whys is None else tuple(whys), f"differs: {numbers}"))
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    lines += ["", "What differs on purpose:", ""]
    lines += [f"{number}. {reasons[why]}" for number, why in enumerate(used, 1)]
    with open(document, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(document, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)


if __name__ == "__main__":
    sys.exit(main())
