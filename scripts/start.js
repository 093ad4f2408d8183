// `npm start`: makes the checkout ready, and serves, in this one process, which takes the place of
// npm's shell (`exec`). A shell between npm and the server would die of a signal, and the server
// would not hear of it.
let asked;
for (const signal of ["SIGINT", "SIGTERM"]) {
	process.on(signal, (_name, number) => {
		asked ??= number;
	});
}

await import("./ready.js");
const { holdSignals } = await import("../dist/bundle/src/cli/signals.js");
holdSignals();
// A signal that came while the tools ran is heard of in the next turn.
await new Promise((resolve) => setImmediate(resolve));
if (asked !== undefined) process.exit(128 + asked);

process.argv.splice(2, 0, "serve");
const { main } = await import("../dist/bundle/src/cli/main.js");
process.exit(await main(process.argv.slice(2), process.env));
