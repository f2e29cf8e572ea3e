// `script/bench [PART…] [--size 1k,10k,100k,1m] [--only by_name,facets] [--json]`: every figure stands beside a baseline of the same run; the ratio is what counts.
import { parseArgs } from 'node:util';
import { catalog } from './catalog.mjs';
import { catalogTable } from './catalog_table.mjs';
import { road } from './road.mjs';
import { scaffolder } from './scaffolder.mjs';
import { start } from './start.mjs';

const parts = { start, road, catalog, scaffolder };
const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' }, size: { type: 'string' }, only: { type: 'string' } } });
const unknown = positionals.find((name) => !parts[name]);
if (unknown) {
  console.error(`bench: there is no part "${unknown}"; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

/** Rows {what, pave, baseline, unit, baselineIs}. */
function printRows(rows) {
  const number = (value, unit) => (value == null ? '' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`);
  for (const { what, pave, baseline, baselineIs, unit, ratio } of rows) {
    console.log(`${what.padEnd(52)} ${number(pave, unit).padStart(12)} ${ratio == null ? '' : `${ratio.toFixed(2)} × ${number(baseline, unit)} (${baselineIs})`}`);
  }
}

const all = [];
for (const name of positionals.length ? positionals : Object.keys(parts)) {
  const records = await parts[name]({ sizes: options.size?.split(','), only: options.only?.split(',') });
  const rows = records.map((record) => ({ part: name, ...record, ...('pave' in record ? { ratio: record.baseline ? record.pave / record.baseline : null } : {}) }));
  all.push(...rows);
  if (!options.json) (name === 'catalog' ? (shown) => console.log(catalogTable(shown)) : printRows)(rows);
}
if (options.json) console.log(JSON.stringify(all, null, 2));
