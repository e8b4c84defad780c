// Runs npm's solc on standard JSON, file to file (its own command line cuts pipes at 64 KiB).
// usage: node compile.cjs INPUT.json OUTPUT.json NODE_MODULES
const fs = require("fs");
const path = require("path");

const [input, output, modules] = process.argv.slice(2);
const solc = require(path.join(modules, "solc"));
const readImport = (name) => {
  const file = path.join(modules, name);
  return fs.existsSync(file) ? { contents: fs.readFileSync(file, "utf8") } : { error: `not found: ${name}` };
};
const result = solc.compile(fs.readFileSync(input, "utf8"), { import: readImport });
fs.writeFileSync(output, JSON.stringify({ compiler: solc.version(), ...JSON.parse(result) }));
