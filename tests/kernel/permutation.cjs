// Reads states (the first element apart from the others), answers with circomlibjs' permutation of each.
const { buildPoseidonOpt } = require("circomlibjs");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  const poseidon = await buildPoseidonOpt();
  const permuted = JSON.parse(text).map(({ inputs, first }) =>
    poseidon(inputs.map(BigInt), BigInt(first), inputs.length + 1).map((value) => poseidon.F.toString(value)),
  );
  process.stdout.write(JSON.stringify(permuted), () => process.exit(0));
});
