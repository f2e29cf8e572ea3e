"""Checks that the configuration's page has every key the program knows, and no other."""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
rules = re.findall(r'^    \{"([^"]+)", ([^,}]+)', (root / "src/spine/config_schema.c").read_text(), re.M)
documented = set(re.findall(r"^\| `([^`]+)` \|", (root / "docs/configuration.md").read_text(), re.M))
# A list is told of by its items.
known = {path for path, kinds in rules if kinds.strip() != "LIST"}
for path in sorted(known - documented):
    print(f"lint: docs/configuration.md does not tell of {path}", file=sys.stderr)
for path in sorted(documented - known):
    print(f"lint: docs/configuration.md tells of {path}, which the program does not know", file=sys.stderr)
sys.exit(known != documented)
