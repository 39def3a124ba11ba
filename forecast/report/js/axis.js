// Where the axis of values begins and ends; what is so bad that it would flatten all others lies beyond; log where the rest spans decades.
function axisOf(values, spreads, towards) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return { log: false, low: 0, high: 1, beyond: () => false };
  const loss = known.map((value) => value * (towards || 1)).sort((a, b) => a - b), best = loss[0], middle = loss[Math.floor((loss.length - 1) / 2)];
  const most = best + 20 * Math.max(middle - best, 0.02 * Math.abs(best));
  const beyond = (value) => known.length > 2 && towards !== 0 && value * (towards || 1) > most;
  const kept = known.filter((value) => !beyond(value)), log = towards !== -1 && Math.min(...kept) > 0 && Math.max(...kept) / Math.min(...kept) > 30;
  const ends = values.flatMap((value, i) => {
    if (value === null || beyond(value)) return [];
    const spread = (spreads && spreads[i]) || 0;
    return log ? [value] : [value - spread, value + spread];
  });
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  if (towards === 0 && !log) low = Math.min(low, 0);
  const room = (high - low || Math.abs(high) || 1) * 0.07;
  return { log, low: towards === 0 && low === 0 ? 0 : low - room, high: high + room, beyond };
}
