// columns: [title, valueOf(row)]. A Markdown table whose columns also line up in a terminal, the first one to the left.
export function formatTable(columns, rows) {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, valueOf]) => String(valueOf(row) ?? "-")))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lineOf = (line) => `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `${"-".repeat(width + 2)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [lineOf(cells[0]), rule, ...cells.slice(1).map(lineOf)].join("\n");
}
