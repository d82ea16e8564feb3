// The table that a run ends with.

const columns = [
  ["fault", ({ fault }) => fault],
  ["struck", ({ hits, strikes }) => `${hits}/${strikes}`],
  ["sent", ({ sent }) => sent],
  ["acked", ({ acked }) => acked],
  ["lost", ({ lost }) => lost],
  ["duplicated", ({ duplicated }) => duplicated],
  ["order breaks", ({ orderBreaks }) => orderBreaks],
  ["gaps unrepaired", ({ gaps }) => gaps],
  ["unexpected", ({ unexpected }) => unexpected],
  ["s to first ack", ({ secondsToFirstAck }) => seconds(secondsToFirstAck)],
  ["s to lag zero", ({ secondsToLagZero }) => seconds(secondsToLagZero)],
  ["peak MiB gateway / persister", ({ peakKib }) => (peakKib ? `${mebibytes(peakKib.gateway)} / ${mebibytes(peakKib.persister)}` : "-")],
];

// rows: results of runFault. A Markdown table whose columns also line up in a terminal.
export function formatTable(rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, valueOf]) => String(valueOf(row) ?? "-")))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lineOf = (line) => `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `${"-".repeat(width + 2)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [lineOf(cells[0]), rule, ...cells.slice(1).map(lineOf)].join("\n");
}

function seconds(value) {
  return value === null || value === undefined ? "-" : value.toFixed(1);
}

function mebibytes(kib) {
  return (kib / 1024).toFixed(0);
}
