#!/bin/sh
# Compiles the service into build/; with `test`, compiles and runs its tests too.
set -eu
mkdir -p build
javac -d build src/main/*.java
if [ "${1:-}" = test ]; then
    javac -d build -cp build src/test/*.java
    java -cp build ServerTest
fi
