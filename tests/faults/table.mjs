// The table that a run ends with; its rows are results of runFault.
import { formatTable } from "../system/support/markdown_table.mjs";

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

export const formatFaults = (rows) => formatTable(columns, rows);

function seconds(value) {
  return value === null || value === undefined ? "-" : value.toFixed(1);
}

function mebibytes(kib) {
  return (kib / 1024).toFixed(0);
}
