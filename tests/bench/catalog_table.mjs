// The figures of the catalog as a table, beside a hello world's and Backstage's.

/** Backstage on PostgreSQL, 2 cores, 24 GiB, by the same kind of load: requests/s at 16 connections, at 1k, 10k and 50k entities. */
const backstage = {
  ingest_per_s: [58, 63, 58],
  start_ms: [3600, 4200, 3500],
  rss_mib: [475, 842, 1359],
  by_name: [1629, 920, 1155],
  by_query: [287, 61, 13.6],
  full_text: [241, 85, 1.4],
  facets: [644, 148, 31],
  owner: [669, 621, 733],
  relations_owned_by: [717, 790, 703],
};

const titles = {
  by_name: 'by name', by_query: 'by-query, filter and order, first page', by_query_deep: 'the same, deep page', by_query_cursor: 'the same, by cursor',
  by_query_by_type: 'by-query ordered by type', full_text: 'as the catalog page asks, with a text', facets: 'facets of everything', facets_filtered: 'facets, filtered',
  owner: 'filter by owner', relations_owned_by: 'filter by relations.ownedBy', by_refs_100: 'by-refs of 100',
};

/** Backstage was measured up to 50,000; larger catalogs are held against that. */
const column = (entities) => (entities <= 1000 ? 0 : entities <= 10_000 ? 1 : 2);
const whole = (number) => Math.round(number).toLocaleString('en');
const short = (number) => (number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : whole(number));
const many = (ratio) => `${ratio < 10 ? ratio.toFixed(1) : whole(ratio)} ×`;

function row(record, name) {
  const [rps, hello] = [record[`${name}_c16_rps`], record[`${name}_c16_hello_rps`]];
  const peer = backstage[name]?.[column(record.entities)];
  return `| ${titles[name]} | ${whole(rps)} | ${short(record[`${name}_c16_p50_ms`])} / ${short(record[`${name}_c16_p99_ms`])} | ${short(record[`${name}_c1_p50_ms`])} / ${short(record[`${name}_c1_p99_ms`])} | ${Math.round((100 * rps) / hello)} % | ${peer ? many(rps / peer) : ''} |`;
}

/** Markdown, as the page on the catalog has it. */
export function catalogTable(records) {
  const lines = [];
  for (const record of records) {
    const at = column(record.entities);
    lines.push(`**${whole(record.entities)} entities** in ${whole(record.files)} files: ingest ${whole(record.ingest_per_s)}/s (${short(record.ingest_s)} s, at most ${whole(record.ingest_peak_rss_mib)} MiB; ${many(record.ingest_per_s / backstage.ingest_per_s[at])} Backstage), ` +
      `${record.start_cold ? 'cold ' : ''}start to the first answer ${whole(record.start_ms)} ms, ${whole(record.start_rss_mib)} MiB then and ${whole(record.rss_mib)} MiB after all this, ${whole(record.disk_mib)} MiB on disk, a changed entity seen after ${short(record.update_ms)} ms.`, '',
      '| request | requests/s, 16 connections | p50 / p99 ms | p50 / p99 ms, 1 connection | of hello world | of Backstage |', '|---|--:|--:|--:|--:|--:|');
    for (const name of Object.keys(titles)) if (`${name}_c16_rps` in record) lines.push(row(record, name));
    lines.push('');
  }
  return lines.join('\n');
}
