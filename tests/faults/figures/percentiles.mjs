// p50, p99 and the most of a list of numbers, in words.
export function percentiles(values, unit) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => (sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  return `p50 ${at(0.5).toFixed(1)} ${unit}, p99 ${at(0.99).toFixed(1)} ${unit}, max ${at(1).toFixed(1)} ${unit} of ${sorted.length}`;
}
