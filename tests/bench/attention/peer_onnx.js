// MultiHeadAttention of ONNX Runtime, 8 heads of 64 in float32, one thread: answers each line "MODEL N" with the
// processor seconds of one run. Needs onnxruntime-node where NODE_PATH says.
const ort = require('onnxruntime-node');
const readline = require('readline');

const sessions = new Map();

async function session(model) {
  if (!sessions.has(model)) {
    sessions.set(model, await ort.InferenceSession.create(model, {intraOpNumThreads: 1, interOpNumThreads: 1}));
  }
  return sessions.get(model);
}

function numbers(count) {
  const values = new Float32Array(count);
  let seed = 1;
  for (let i = 0; i < count; ++i) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    values[i] = seed / 2147483648 - 1;
  }
  return values;
}

async function main() {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const [model, length] = line.split(' ');
    const runner = await session(model);
    const x = new ort.Tensor('float32', numbers(Number(length) * 512), [1, Number(length), 512]);
    const before = process.cpuUsage();
    await runner.run({query: x, key: x, value: x});
    const used = process.cpuUsage(before);
    console.log((used.user + used.system) / 1e6);
  }
}

main();
