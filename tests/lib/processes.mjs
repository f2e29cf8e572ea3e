// Finds and kills the processes of one Pave, by what /proc says of them.
import { readFile, readdir } from 'node:fs/promises';

async function processes() {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    try {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      found.push({ pid: Number(pid), parent: Number(/^PPid:\s+(\d+)/m.exec(status)[1]), words });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** kill -9 of the server; its supervisor starts another. */
export async function killServer(supervisor) {
  for (const { pid, parent, words } of await processes()) {
    if (parent === supervisor && words[1] !== 'shim') kill(pid);
  }
}

/** kill -9 of everything that runs from the data folder, PostgreSQL apart: as if the machine had lost power. */
export async function killTree(data) {
  const program = `${data}/software/bin/pave`;
  const all = await processes();
  const doomed = new Set(all.filter(({ words }) => words[0] === program || words.some((word) => word.startsWith(`${data}/pave/`))).map(({ pid }) => pid));
  for (let size = -1; size !== doomed.size; ) {
    size = doomed.size;
    for (const { pid, parent } of all) if (doomed.has(parent)) doomed.add(pid);
  }
  for (const pid of doomed) kill(pid);
}
