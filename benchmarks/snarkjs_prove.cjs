// Proves the same witness again and again in one process and prints the milliseconds of each proof as JSON.
// Usage: node snarkjs_prove.cjs KEY.zkey WITNESS.wtns ROUNDS
const fs = require("node:fs");
const path = require("node:path");
const root = process.env.ZKMARGIN_NODE_MODULES || path.join(__dirname, "..", "node_modules");
const snarkjs = require(path.join(root, "snarkjs"));

async function main() {
  const [key, witness, rounds] = process.argv.slice(2);
  const zkey = { type: "mem", data: new Uint8Array(fs.readFileSync(key)) };
  const wtns = { type: "mem", data: new Uint8Array(fs.readFileSync(witness)) };
  const times = [];
  for (let i = 0; i < Number(rounds); i++) {
    const start = performance.now();
    await snarkjs.groth16.prove(zkey, wtns);
    times.push(performance.now() - start);
  }
  process.stdout.write(JSON.stringify(times));
  process.exit(0);
}

main();
