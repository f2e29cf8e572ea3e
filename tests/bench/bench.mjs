// `script/bench [PART] [--json]`: each part returns rows {what, pave, baseline, unit, baselineIs}; the ratio is what counts.
import { road } from './road.mjs';
import { start } from './start.mjs';

const parts = { start, road };
const json = process.argv.includes('--json');
const names = process.argv.slice(2).filter((word) => word !== '--json');
for (const name of names) {
  if (!parts[name]) {
    console.error(`bench: there is no part "${name}"; there are ${Object.keys(parts).join(', ')}`);
    process.exit(2);
  }
}

const results = [];
for (const name of names.length ? names : Object.keys(parts)) {
  for (const row of await parts[name]()) {
    results.push({ part: name, ...row, ratio: row.baseline ? row.pave / row.baseline : null });
  }
}
if (json) {
  console.log(JSON.stringify(results, null, 2));
} else {
  const number = (value, unit) => (value == null ? '' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`);
  for (const { what, pave, baseline, baselineIs, unit, ratio } of results) {
    console.log(`${what.padEnd(52)} ${number(pave, unit).padStart(12)} ${ratio == null ? '' : `${ratio.toFixed(2)} × ${number(baseline, unit)} (${baselineIs})`}`);
  }
}
