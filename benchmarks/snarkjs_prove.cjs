// Proves the same witness again and again in one process and prints what each proof after the first took, in
// milliseconds: by the clock, and on all cores together. The last line is the last proof.
// Usage: node snarkjs_prove.cjs KEY.zkey WITNESS.wtns ROUNDS
const fs = require("node:fs");
const path = require("node:path");
const root = process.env.ZKMARGIN_NODE_MODULES || path.join(__dirname, "..", "node_modules");
const snarkjs = require(path.join(root, "snarkjs"));

async function main() {
  const [key, witness, rounds] = process.argv.slice(2);
  const zkey = { type: "mem", data: new Uint8Array(fs.readFileSync(key)) };
  const wtns = { type: "mem", data: new Uint8Array(fs.readFileSync(witness)) };
  const told = { prove: { wall: [], cpu: [] }, proof: null };
  for (let i = 0; i <= Number(rounds); i++) {
    const [start, busy] = [performance.now(), process.cpuUsage()];
    told.proof = (await snarkjs.groth16.prove(zkey, wtns)).proof;
    if (i === 0) continue;
    const used = process.cpuUsage(busy);
    told.prove.wall.push(performance.now() - start);
    told.prove.cpu.push((used.user + used.system) / 1e3);
  }
  process.stdout.write(JSON.stringify(told));
  process.exit(0);
}

main();
