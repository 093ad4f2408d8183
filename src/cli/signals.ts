/** Stops verbs that run for long: the first signal asks, the second one ends the process. */

/**
 * Calls `stop` at the first SIGINT or SIGTERM; another one ends the process at once.
 * @returns a function that stops listening
 */
export function onStopSignal(stop: () => void): () => void {
	let asked = false;
	const onSignal = (_signal: NodeJS.Signals, number: number) => {
		if (asked) process.exit(128 + number);
		asked = true;
		stop();
	};
	process.on("SIGINT", onSignal);
	process.on("SIGTERM", onSignal);
	return () => {
		process.off("SIGINT", onSignal);
		process.off("SIGTERM", onSignal);
	};
}
