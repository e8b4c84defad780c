// Reads {key, cases: [[inputs, proof], ...]}, answers with snarkjs' verdict on each.
const { groth16 } = require("snarkjs");

let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", async () => {
  const { key, cases } = JSON.parse(text);
  const verdicts = [];
  for (const [inputs, proof] of cases) {
    verdicts.push(await groth16.verify(key, inputs, proof).catch((error) => error.message));
  }
  process.stdout.write(JSON.stringify(verdicts), () => process.exit(0));
});
