// The inlined data: gzip in base64, unpacked when needed.

let data; // all that is not in a block
const partOf = (element) => (element.dataset.study ? data.studies[Number(element.dataset.study)] : data); // one study of many

function bytesOf(id) {
  const text = byId(id).textContent;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

async function unpack(id) {
  const stream = new Blob([bytesOf(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function unpackText(id) {
  return new TextDecoder().decode(await unpack(id));
}
