// Reads lists of inputs, answers with circomlibjs' Poseidon of each.
const { buildPoseidon } = require("circomlibjs");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  const poseidon = await buildPoseidon();
  const hashes = JSON.parse(text).map((inputs) => poseidon.F.toString(poseidon(inputs.map(BigInt))));
  process.stdout.write(JSON.stringify(hashes), () => process.exit(0));
});
