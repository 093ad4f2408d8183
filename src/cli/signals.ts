/** How every verb that runs for long is stopped: the first signal asks, the second one does not. */

/**
 * Calls `stop` at the first SIGINT or SIGTERM; another one ends the process there and then.
 * @returns the way to stop listening
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
