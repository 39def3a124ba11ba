// The numbers of the series, which lie in blocks of some series each.

const opened = new Map(); // block -> promise of what unpackBlock gives

async function unpackBlock(number) { // a line of JSON, then the high bytes of all differences, then the low ones
  const bytes = await unpack(`packed-block-${number}`);
  const line = bytes.indexOf(10), about = JSON.parse(new TextDecoder().decode(bytes.subarray(0, line)));
  const count = (bytes.length - line - 1) / 2, codes = new Int16Array(count);
  for (let i = 0, last = 0; i < count; i++) {
    last = ((bytes[line + 1 + i] << 8) | bytes[line + 1 + count + i]) + last;
    codes[i] = last;
  }
  let begin = 0;
  for (const one of about) {
    const { targets, at, intervals } = data.fans, models = data.models.length;
    one.history_begin = begin;
    begin += targets.length * one.length;
    one.forecast_begin = begin;
    begin += targets.length * models * one.folds.length * (1 + 2 * intervals.length) * at[0].length;
  }
  return { about, codes };
}

function block(number) {
  if (!opened.has(number)) opened.set(number, unpackBlock(number));
  return opened.get(number);
}

// A series as { cutoffs, history(target), forecast(target, model, cutoff) }, when its block is unpacked.
async function seriesOf(number) {
  const { perBlock, targets, axis, at, intervals } = data.fans;
  const { about, codes } = await block(Math.floor(number / perBlock));
  const one = about[number % perBlock];
  const columns = 1 + 2 * intervals.length, horizon = at[0].length;
  return {
    cutoffs: one.folds,
    history(target) { // one value for each stamp of the axis
      const known = values(codes, one.history_begin + target * one.length, one.length, one.history[target]);
      return Object.assign(new Array(axis.length).fill(null), Object.fromEntries(known.map((value, i) => [one.begin + i, value])));
    },
    forecast(target, model, cutoff) { // [mean, lower, upper, ...] of H values each
      const path = (target * data.models.length + model) * one.folds.length + one.folds.indexOf(cutoff);
      return Array.from({ length: columns }, (_, column) =>
        values(codes, one.forecast_begin + (path * columns + column) * horizon, horizon, one.forecast[target][model]));
    },
  };
}

function values(codes, begin, count, [least, span]) {
  const half = Math.floor(data.fans.finest / 2);
  return Array.from(codes.subarray(begin, begin + count), (code) =>
    (code === -32768 ? null : least + ((code + half) / data.fans.finest) * span));
}
