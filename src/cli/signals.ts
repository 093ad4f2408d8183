/**
 * Signals, from the first moment of the process on.
 *
 *     holdSignals()    bin/varve, before anything else is loaded: a signal is kept
 *     onStopSignal()   the verb can be stopped: it is told, of a kept signal too
 *     releaseSignals() the verb cannot: a signal ends the process, a kept one at once
 *
 * To process 1 of a container, a signal that it does not listen to is lost; so listening cannot
 * wait until the server has been loaded and its log is open.
 */

export type StopSignal = "SIGINT" | "SIGTERM";

const STOPS: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

type Asked = { readonly signal: StopSignal; readonly number: number };

let asked: Asked | undefined;
let stop: ((signal: StopSignal) => void) | undefined;
let onSecond: ((signal: StopSignal) => void) | undefined;
let isListening = false;

/** Keeps SIGINT and SIGTERM for the verb, and drops SIGHUP. A second signal ends the process. */
export function holdSignals(): void {
	if (isListening) return;
	isListening = true;
	for (const signal of STOPS) process.on(signal, onSignal);
	process.on("SIGHUP", ignore);
}

/** Gives signals their usual effect again: they end the process, and one that was kept does now. */
export function releaseSignals(): void {
	if (asked !== undefined) process.exit(128 + asked.number);
	for (const signal of STOPS) process.off(signal, onSignal);
	process.off("SIGHUP", ignore);
	isListening = false;
}

/**
 * Calls `onStop` at the first SIGINT or SIGTERM; another one ends the process at once.
 * @param again called before that, and not waited for
 * @returns a function that stops listening
 */
export function onStopSignal(
	onStop: (signal: StopSignal) => void,
	again?: (signal: StopSignal) => void,
): () => void {
	const hasHup = isListening;
	holdSignals();
	// Only who held signals from the start has something to reload.
	if (!hasHup) process.off("SIGHUP", ignore);
	stop = onStop;
	onSecond = again;
	if (asked !== undefined) onStop(asked.signal);
	return () => {
		stop = undefined;
		onSecond = undefined;
		asked = undefined;
		releaseSignals();
	};
}

/** Calls `reload` at each SIGHUP. */
export function onReloadSignal(reload: () => void): void {
	process.off("SIGHUP", ignore);
	process.on("SIGHUP", reload);
}

function onSignal(signal: NodeJS.Signals, number: number): void {
	if (asked !== undefined) {
		onSecond?.(signal as StopSignal);
		process.exit(128 + number);
	}
	asked = { signal: signal as StopSignal, number };
	stop?.(asked.signal);
}

function ignore(): void {}
