"""Checks that includes go downwards only: base, formats, net, spine, rooms, doors. Rooms see each other's front door and make no circle."""

import pathlib
import re
import sys

FLOORS = ["base", "formats", "net", "spine"]
ROOMS = ["identity", "catalog", "scaffolder", "forge", "pipelines", "infra", "deployments", "observability", "insights"]
LIBRARIES = {  # header → the only places that may include it
    "microhttpd.h": ("net/",), "curl/": ("net/",), "sqlite3.h": ("spine/db",), "libpq-fe.h": ("spine/db",),
    "yaml.h": ("formats/yaml.c",), "git2": ("forge/", "spine/libgit2", "spine/snapshot"),
}


def rank(folder):
    return FLOORS.index(folder) if folder in FLOORS else len(FLOORS) if folder in ROOMS else len(FLOORS) + 1


def main():
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    problems, arrows = [], {room: set() for room in ROOMS}
    for path in sorted(source.rglob("*.[ch]")):
        name = path.relative_to(source).as_posix()
        folder = name.split("/")[0] if "/" in name else "cli"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            system = re.match(r"#include <([^>]+)>", line)
            if system:
                for header, places in LIBRARIES.items():
                    if system[1].startswith(header) and not name.startswith(places):
                        problems.append(f"{name}:{number}: {system[1]} belongs to {' and '.join(places)}")
            own = re.match(r'#include "([^"]+)"', line)
            if not own:
                continue
            target = own[1].split("/")[0] if "/" in own[1] else folder
            if rank(target) > rank(folder):
                problems.append(f"{name}:{number}: includes {own[1]}, which is on a floor above")
            if folder in ROOMS and target in ROOMS and target != folder:
                arrows[folder].add(target)
            if target in ROOMS and folder != target and own[1] != f"{target}/{target}.h":
                problems.append(f"{name}:{number}: looks behind the front door of {target}: {own[1]}")

    def visit(room, path):
        if room in path:
            problems.append("rooms make a circle: " + " → ".join(path[path.index(room):] + [room]))
            return
        for target in sorted(arrows[room]):
            visit(target, path + [room])

    for room in ROOMS:
        visit(room, [])
    for problem in dict.fromkeys(problems):
        print(f"lint: {problem}", file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
